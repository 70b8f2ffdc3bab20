"""A model of plasma protein binding on the data of Fang et al. 2023: how good it looks, and how good it is on new scaffolds."""

from __future__ import annotations

import csv
import os
from pathlib import Path

from crdmo.science.discovery.qsar import ModelCard, qsar_model_card
from crdmo.science.discovery.qsar_figure import model_card_figure
from crdmo.science.discovery.qsar_split import scaffold_split

DATA = ("discovery/adme/published_split/ADME_hPPB_train.csv", "discovery/adme/published_split/ADME_hPPB_test.csv")
ENDPOINT = "log10 of % unbound in human plasma"
SHOWN, TESTED = 300, 200


def main() -> str:
    """Judge one model on the published test and one on new scaffolds, print both, and draw the second."""
    (smiles, values), (test, truth) = (_rows(name) for name in DATA)
    smiles, values = smiles[:SHOWN], values[:SHOWN]
    test, truth = test[:TESTED], truth[:TESTED]

    published = qsar_model_card(
        endpoint=ENDPOINT, train_smiles=smiles, train_values=values, test_smiles=test, test_values=truth
    )
    _tell("published test", published)

    split = scaffold_split(smiles=smiles, test_fraction=0.25)
    measured = [values[i] for i in split.test]
    new = qsar_model_card(
        endpoint=ENDPOINT,
        train_smiles=[smiles[i] for i in split.train],
        train_values=[values[i] for i in split.train],
        test_smiles=[smiles[i] for i in split.test],
        test_values=measured,
    )
    _tell("new scaffolds", new)
    print(f"a new compound is {split.nearest_median:.2f} similar to its nearest in training (median)")
    return model_card_figure(new, measured=measured, title="Plasma protein binding of compounds with new scaffolds").svg


def _rows(name: str) -> tuple[list[str], list[float]]:
    with (Path(os.environ["CRDMO_SHARED"]) / "data" / name).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [row["smiles"] for row in rows], [float(row["activity"]) for row in rows]


def _tell(what: str, card: ModelCard) -> None:
    e = card.errors
    print(
        f"{what}: {e.count} compounds, mean absolute error {e.mae:.3f} beside {e.baseline_mae:.3f} of the mean, "
        f"90 % intervals held {100 * e.coverage:.0f} %"
    )
    for line in card.says[2:]:
        print(f"  {line}")
