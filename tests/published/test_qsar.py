"""QSAR on the published split of Fang et al., J Chem Inf Model 2023;63:3263-3274: the baseline of the reference, and coverage."""

from __future__ import annotations

import csv

import pytest

from crdmo.science.discovery.qsar import qsar_model_card
from tests import shared_data


def test_plasma_protein_binding_has_the_published_error_and_the_coverage_of_its_intervals() -> None:
    """Q1, human plasma protein binding; bench/sar.py does all four endpoints."""
    given = {}
    for part in ("train", "test"):
        with shared_data.path(f"discovery/adme/published_split/ADME_hPPB_{part}.csv").open() as file:
            rows = list(csv.DictReader(file))
        given[f"{part}_smiles"] = [row["smiles"] for row in rows]
        given[f"{part}_values"] = [float(row["activity"]) for row in rows]
    found = qsar_model_card(endpoint="log10 of % unbound, human plasma", **given)
    assert (found.train, found.errors.count) == (1446, 362)
    assert found.errors.r == pytest.approx(0.776, abs=0.01)
    assert found.errors.mae == pytest.approx(0.382, abs=0.01)
    assert found.errors.baseline_mae == pytest.approx(0.617, abs=0.001)
    assert found.beats_baseline
    assert 0.87 <= found.errors.coverage <= 0.93
    # The published split is not free of leaks: twelve test compounds are in training, most as the other stereoisomer.
    assert found.seen_before == 12
    assert any("12 test compounds were seen" in line for line in found.says)
    assert found.inside is not None
    assert found.outside is not None
    assert found.outside.mae > found.inside.mae
    assert f"the mean of the training values alone {found.errors.baseline_mae:.3f}" in found.says[0]
