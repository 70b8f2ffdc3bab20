"""Alerts and properties: sizes of the filter sets of RDKit 2026.9.1; alerts and QED of RDKit's own test data; 200 values of
QED (NCI set of Bickerton et al., Nat Chem 2012;4:90, RDKit's reimplementation) and 100 of the score of synthetic
accessibility (Ertl & Schuffenhauer, J Cheminform 2009;1:8, RDKit's test set).
"""

from __future__ import annotations

import csv

import pytest

from crdmo.science.discovery.alerts import SETS, size_of, structural_alerts
from crdmo.science.discovery.drug_likeness import drug_likeness
from tests import shared_data

FOLDER = "discovery/hit_triage"
ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"
IMATINIB = "Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1"
RHODANINE = "O=C1NC(=S)SC1=Cc1ccccc1"


def test_the_sets_have_their_published_sizes() -> None:
    """S3; PAINS are 480."""
    assert {name: size_of(name) for name in SETS} == {
        "PAINS_A": 16, "PAINS_B": 55, "PAINS_C": 409, "BRENK": 105, "NIH": 180, "ZINC": 50, "GLAXO": 55, "DUNDEE": 105,
        "BMS": 180, "SURECHEMBL": 166, "MLSMR": 116, "INPHARMATICA": 91, "LINT": 57,
    }  # fmt: skip


def names(structure: str, *sets: str) -> list[str]:
    return [alert.name for alert in structural_alerts(structure=structure, sets=sets).alerts]


def test_pains_are_found_by_their_names() -> None:
    """S4, three of the file."""
    lines = shared_data.path(f"{FOLDER}/pains.smi").read_text(encoding="utf-8").splitlines()[1:]
    found = [names(line.split()[0], "PAINS_A", "PAINS_B", "PAINS_C") for line in lines]
    assert found == [["hzone_phenol_A(479)"], ["cyano_imine_B(17)"], ["keto_keto_gamma(5)"]]
    assert found == [[line.split()[1]] for line in lines]


def test_benzylidene_rhodanine_is_known_to_three_sets() -> None:
    """S4."""
    assert names(RHODANINE, "PAINS_A", "PAINS_B", "PAINS_C") == ["ene_rhod_A(235)"]
    assert names(RHODANINE, "BRENK") == ["Michael_acceptor_1", "Thiocarbonyl_group"]
    assert names(RHODANINE, "NIH") == ["rhodanine"]


def test_properties_of_aspirin_and_imatinib() -> None:
    """S5."""
    one, other = drug_likeness(structure=ASPIRIN), drug_likeness(structure=IMATINIB)
    assert (round(one.qed, 4), round(one.weight, 3)) == (0.5501, 180.159)
    assert (round(one.clogp, 3), round(one.tpsa, 2)) == (1.310, 63.60)
    assert names(ASPIRIN, "BRENK") == ["phenol_ester"]
    assert (round(other.qed, 4), round(other.weight, 3), other.acceptor_groups) == (0.3894, 493.615, 7)
    assert other.lipinski == other.veber == ()


def test_two_hundred_values_of_qed() -> None:
    """S6."""
    text = shared_data.path(f"{FOLDER}/NCI_200_qed.csv").read_text(encoding="utf-8")
    rows = [line.rsplit(",", 1) for line in text.splitlines() if line and not line.startswith("#")]
    assert len(rows) == 200
    for smiles, value in rows:
        assert drug_likeness(structure=smiles).qed == pytest.approx(float(value), abs=1e-12), smiles


def test_a_hundred_scores_of_synthetic_accessibility() -> None:
    """S6."""
    with shared_data.path(f"{FOLDER}/sa_score_zim100.txt").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert len(rows) == 100
    for row in rows:
        assert f"{drug_likeness(structure=row['smiles']).synthetic_accessibility:.3f}" == row["sa_score"], row["Name"]
