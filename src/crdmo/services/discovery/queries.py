"""Reads that pages and API of discovery share."""

from __future__ import annotations

from typing import Any, TypeVar
from uuid import UUID

from crdmo.foundation.accounts.models import Program
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.refusals import NotFound
from crdmo.science.discovery.registration_files import SourceRecord
from crdmo.science.method import from_json

from . import registry
from .models import Assay, Compound, Curve, Form, Plate, Potency, Registration, Run, Upload

R = TypeVar("R", bound=Record)


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
