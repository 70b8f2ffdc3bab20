"""Reads that pages and API of discovery share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

from rdkit import Chem, DataStructs, rdBase
from rdkit.Chem import rdFingerprintGenerator

from crdmo.foundation.accounts.models import Program
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.refusals import Invalid, NotFound
from crdmo.science.discovery.registration import register_structure
from crdmo.science.discovery.registration_files import SourceRecord
from crdmo.science.method import MethodError, from_json

from . import registry
from .models import Assay, Compound, Curve, Form, Plate, Potency, Registration, Run, Upload

R = TypeVar("R", bound=Record)
SEARCHES = ("exact", "substructure", "similar")
LEAST_SIMILAR = 0.35
MOST_HITS = 200


def _find(rows: Any, what: str, given: str) -> Any:
    found = rows.filter(is_void=False).first()
    if found is None:
        raise NotFound(f"there is no such {what}", given=given[:60])
    return found


def find_compound(program: Program | None, code: str) -> Compound:
    """Return a compound of a program.

    Raises:
        NotFound: there is none; another program's is none.
    """
    rows = Compound.objects.filter(program=program, code=code).select_related("computed", "program", "relative")
    found: Compound = _find(rows, "compound", code)
    return found


def find_form(program: Program | None, code: str) -> Form:
    """Return a form of a program.

    Raises:
        NotFound: there is none.
    """
    rows = Form.objects.filter(program=program, code=code).select_related("compound__computed", "program")
    found: Form = _find(rows, "form", code)
    return found


def find_upload(program: Program | None, code: str) -> Upload:
    """Return an upload of a program.

    Raises:
        NotFound: there is none.
    """
    rows = Upload.objects.filter(program=program, code=code).select_related(
        "dataset", "program__organization", "brought_by"
    )
    found: Upload = _find(rows, "upload", code)
    return found


def find_assay(program: Program | None, code: str) -> Assay:
    """Return an assay of a program.

    Raises:
        NotFound: there is none.
    """
    found: Assay = _find(Assay.objects.filter(program=program, code=code).select_related("program"), "assay", code)
    return found


def find_run(program: Program | None, code: str) -> Run:
    """Return a run of a program.

    Raises:
        NotFound: there is none.
    """
    rows = Run.objects.filter(program=program, code=code).select_related("assay", "program", "decided_by")
    found: Run = _find(rows, "run", code)
    return found


def find_curve(program: Program | None, key: UUID) -> Curve:
    """Return a curve of a program.

    Raises:
        NotFound: there is none.
    """
    rows = Curve.objects.filter(program=program, pk=key)
    found: Curve = _find(rows.select_related("plate__run", "lot__form__compound", "computed"), "curve", str(key))
    return found


def verdicts_of(upload: Upload) -> list[registry.Verdict]:
    """Return what each record is: as it stands now, or as it was decided when the upload was registered."""
    if upload.state != Upload.State.REGISTERED:
        return registry.verdicts(upload)
    rows = Registration.objects.filter(upload=upload, is_void=False).select_related("lot__form__compound", "computed")
    return [
        registry.Verdict(
            SourceRecord(one.number, one.lot.source_name, ""), one.decision, one.reason,
            from_json("discovery.register_structure", one.computed.output), one.lot.form.compound.code,
        )
        for one in rows.order_by("number")
    ]  # fmt: skip


@dataclass(frozen=True)
class Hit:
    """A compound that a search found, with its similarity where one was asked for."""

    compound: Compound
    similarity: float | None = None


_GENERATOR = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)


@lru_cache(maxsize=20_000)
def _molecule(key: UUID, smiles: str) -> tuple[Chem.Mol, DataStructs.ExplicitBitVect]:
    # Kept by the record, not by the structure, so that no answer is sooner for what somebody else has.
    mol = Chem.MolFromSmiles(smiles)
    return mol, _GENERATOR.GetFingerprint(mol)


def search(program: Program | None, structure: str, how: str) -> list[Hit]:
    """Search the compounds of a program by structure.

    Raises:
        Invalid: the structure cannot be read, or there is no such search.
    """
    if how not in SEARCHES:
        raise Invalid("there is no such search", given=how, allowed=", ".join(SEARCHES))
    rows = list(Compound.objects.filter(program=program, is_void=False).select_related("program").order_by("code"))
    if how == "substructure":
        with rdBase.BlockLogs():
            pattern = Chem.MolFromSmarts(structure.strip()) if structure.strip() else None
        if pattern is None:
            raise Invalid("this pattern cannot be read", errors={"structure": "SMARTS or SMILES"}, given=structure[:60])
        return [Hit(one) for one in rows if _molecule(one.pk, one.smiles)[0].HasSubstructMatch(pattern)][:MOST_HITS]
    try:
        made = register_structure(structure=structure)
    except MethodError as error:
        raise Invalid(
            error.what, errors={"structure": error.allowed}, given=error.given, next=error.next_step
        ) from error
    if how == "exact":
        return [Hit(one) for one in rows if one.key == made.identity.tautomer]
    wanted = _GENERATOR.GetFingerprint(Chem.MolFromSmiles(made.standardised.parent))
    scored = [Hit(one, float(DataStructs.TanimotoSimilarity(wanted, _molecule(one.pk, one.smiles)[1]))) for one in rows]
    near = [hit for hit in scored if (hit.similarity or 0) >= LEAST_SIMILAR]
    return sorted(near, key=lambda hit: (-(hit.similarity or 0), hit.compound.code))[:MOST_HITS]


def potencies_of(program: Program | None) -> dict[tuple[UUID, UUID], Potency]:
    """Return the reported potencies by compound and assay."""
    rows = Potency.objects.filter(program=program, is_void=False).select_related(
        "computed", "compound", "assay", "program"
    )
    return {(one.compound_id, one.assay_id): one for one in rows}


def curves_of(compound: Compound) -> list[Curve]:
    """Return every curve of a compound, newest run first."""
    rows = Curve.objects.filter(lot__form__compound=compound, is_void=False)
    return list(rows.select_related("plate__run__assay", "plate__normalised", "plate__dataset", "lot", "computed", "program")
                .order_by("-plate__run__performed_on", "entry"))  # fmt: skip


def plates_of(run: Run) -> list[Plate]:
    """Return the plates of a run."""
    return list(
        run.plates.filter(is_void=False).select_related("dataset", "quality", "normalised", "program").order_by("code")
    )
