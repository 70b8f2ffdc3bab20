"""Structural alerts: what published filter sets say of a molecule. They inform; none of them rejects anything.

A frequent hitter in one technology may be a fine lead in another, and many drugs bear alerts (Capuzzi, Muratov & Tropsha
2017). So the answer names each alert with its set, its source and the atoms that it lies on, and gives no verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from rdkit import Chem
from rdkit.Chem.FilterCatalog import FilterCatalog, FilterCatalogParams

from crdmo.science.method import MethodError, method

from .fingerprints import TOOLKIT
from .registration import read_structure

SETS: Mapping[str, tuple[str, str, FilterCatalogParams.FilterCatalogs]] = {
    "PAINS_A": ("frequent hitters, family A", "Baell & Holloway 2010", FilterCatalogParams.FilterCatalogs.PAINS_A),
    "PAINS_B": ("frequent hitters, family B", "Baell & Holloway 2010", FilterCatalogParams.FilterCatalogs.PAINS_B),
    "PAINS_C": ("frequent hitters, family C", "Baell & Holloway 2010", FilterCatalogParams.FilterCatalogs.PAINS_C),
    "BRENK": ("unwanted groups", "Brenk et al. 2008", FilterCatalogParams.FilterCatalogs.BRENK),
    "NIH": ("problematic groups", "Jadhav et al. 2010; Doveston et al. 2015", FilterCatalogParams.FilterCatalogs.NIH),
    "ZINC": ("ZINC's drug-like filter", "ZINC, docking.org", FilterCatalogParams.FilterCatalogs.ZINC),
    "GLAXO": ("hard filters", "Hann et al. 1999", FilterCatalogParams.FilterCatalogs.CHEMBL_Glaxo),
    "DUNDEE": ("neglected diseases", "Brenk et al. 2008, ChEMBL", FilterCatalogParams.FilterCatalogs.CHEMBL_Dundee),
    "BMS": ("HTS deck", "Pearce et al. 2006", FilterCatalogParams.FilterCatalogs.CHEMBL_BMS),
    "SURECHEMBL": ("non-MedChem-friendly", "SureChEMBL", FilterCatalogParams.FilterCatalogs.CHEMBL_SureChEMBL),
    "MLSMR": ("excluded functional groups", "NIH MLSMR", FilterCatalogParams.FilterCatalogs.CHEMBL_MLSMR),
    "INPHARMATICA": ("unwanted fragments", "Inpharmatica", FilterCatalogParams.FilterCatalogs.CHEMBL_Inpharmatica),
    "LINT": ("LINT, Pfizer", "Blake 2005", FilterCatalogParams.FilterCatalogs.CHEMBL_LINT),
}
USUAL = ("PAINS_A", "PAINS_B", "PAINS_C", "BRENK", "NIH")


@dataclass(frozen=True)
class Alert:
    """An alert that a molecule bears.

    Attributes:
        set: the filter set.
        name: as the set names it.
        source: where the set was published.
        atoms: positions in the structure as given, from 0, of each place where it lies.
    """

    set: str
    name: str
    source: str
    atoms: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Alerts:
    """All alerts of a molecule, in order of set and name.

    Attributes:
        alerts: what was found; they inform and reject nothing.
        looked_in: number of patterns of each set.
        toolkit: whose form of the sets this is.
    """

    alerts: tuple[Alert, ...]
    looked_in: Mapping[str, int]
    toolkit: str


@cache
def _catalogue(name: str) -> FilterCatalog:
    parameters = FilterCatalogParams()
    parameters.AddCatalog(SETS[name][2])
    return FilterCatalog(parameters)


def size_of(name: str) -> int:
    """Return how many patterns a set has.

    Raises:
        MethodError: the set is not known.
    """
    if name not in SETS:
        raise MethodError("this set of alerts is not known", given=name[:40], allowed=", ".join(SETS))
    return int(_catalogue(name).GetNumEntries())


@method(
    "discovery.structural_alerts",
    version="1.0",
    title="Structural alerts",
    source="Baell & Holloway 2010, J Med Chem 53:2719; Brenk et al. 2008, ChemMedChem 3:435; Jadhav et al. 2010, "
    "J Med Chem 53:37; Capuzzi et al. 2017, J Chem Inf Model 57:417 (why alerts do not reject)",
)
def structural_alerts(*, structure: str, sets: Sequence[str] = USUAL) -> Alerts:
    """Return the alerts that a molecule bears.

    Args:
        structure: SMILES or molblock.
        sets: which sets are looked in; by default PAINS, Brenk and NIH.

    Raises:
        MethodError: the structure cannot be read, or a set is not known or none is named.

    >>> [alert.name for alert in structural_alerts(structure="O=C1NC(=S)SC1=Cc1ccccc1").alerts]
    ['ene_rhod_A(235)', 'Michael_acceptor_1', 'Thiocarbonyl_group', 'rhodanine']
    """
    if not sets:
        raise MethodError("no set of alerts is named", allowed=", ".join(SETS))
    looked_in = {name: size_of(name) for name in sets}
    mol, _ = read_structure(structure)
    return Alerts(tuple(alert for name in looked_in for alert in _found(name, mol)), looked_in, TOOLKIT)


def _found(name: str, mol: Chem.Mol) -> list[Alert]:
    found: dict[str, list[tuple[int, ...]]] = {}
    for entry in _catalogue(name).GetMatches(mol):
        places = [tuple(sorted(pair.target for pair in one.atomPairs)) for one in entry.GetFilterMatches(mol)]
        found.setdefault(entry.GetDescription(), []).extend(places)
    return [Alert(name, key, SETS[name][1], tuple(sorted(set(found[key])))) for key in sorted(found)]
