"""A SEND package becomes a study: animals, groups, doses and findings as records, the rest as sealed files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from crdmo.common.studies import workflow as steps
from crdmo.common.studies.days import MOMENT, whole_date
from crdmo.common.studies.models import Arm, Study, Subject
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.datasets import seal
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.fields import MEASURED
from crdmo.foundation.refusals import Invalid

from ..workflow.desks import DIRECTOR, MANAGEMENT, person_of
from . import rows as between
from .reading import Domain, Package, becomes_records, read_package
from .writing import KIND, animal_row, known


@verb("preclinical.import_send", "import a SEND package", roles=(*DIRECTOR, *MANAGEMENT))
def import_send(act: Act, program: Program, files: Mapping[str, bytes], *, code: str = "") -> Study:
    """Bring a package in as a study of its own, all or nothing. Its files are sealed as they came.

    Raises:
        Invalid: a file is torn, a row names an animal or study that is not in the package, or the code is taken.
    """
    found = read_package(files)
    study = steps.create_study(
        act,
        program,
        code=code or found.study,
        title=_summary(found, "STITLE") or f"SEND package {found.study}",
        kind=Study.Kind.NONCLINICAL,
        lead=person_of(act),
        species=_summary(found, "SPECIES") or _first(found, "SPECIES"),
        strain=_summary(found, "STRAIN") or _first(found, "STRAIN"),
        design=_summary(found, "SSTYP")[:120],
        is_glp=bool(_summary(found, "GLPTYP")),
        is_imported=True,
        details={"STUDYID": found.study},
    )
    for one in found.domains.values():
        seal(
            act, name=one.name, data=one.data, kind=KIND, program=program, file_name=one.file_name, note=str(study.id),
            media_type="application/x-sas-xport",
        )  # fmt: skip
    animals = _animals(act, study, found)
    _groups(act, study, found, animals)
    for name, domain in sorted(found.domains.items()):
        if name != "DM" and becomes_records(domain):
            _observations(act, study, domain, animals)
    return study


def _summary(found: Package, code: str) -> str:
    domain = found.domains.get("TS")
    rows = domain.rows if domain else []
    return next((str(row.get("TSVAL") or "") for row in rows if row.get("TSPARMCD") == code), "")


def _first(found: Package, variable: str) -> str:
    return next((str(row[variable]) for row in found.animals.values() if row.get(variable)), "")


def _date(text: Any) -> dt.date | None:
    return whole_date(str(text)) if text and MOMENT.match(str(text)) else None


def _animals(act: Act, study: Study, found: Package) -> dict[str, Subject]:
    names = [str(row.get("SUBJID") or key) for key, row in found.animals.items()]
    unique = len(set(names)) == len(names)
    rows = []
    for key, row in found.animals.items():
        if row.get("SEX") not in ("F", "M", "U"):
            raise Invalid(
                "the sex of an animal is F, M or U", errors={"dm.xpt": f"{key}, SEX"}, given=str(row.get("SEX"))
            )
        values: dict[str, Any] = {
            "code": str(row.get("SUBJID") or key) if unique else key,
            "sex": row["SEX"],
            "born_on": _date(row.get("BRTHDTC")),
            "age": between.decimal_text(row.get("AGE")),
            "age_unit": str(row.get("AGEU") or ""),
            "reference_on": _date(row.get("RFSTDTC")),
            "enrolled_on": _date(row.get("RFSTDTC")),
            "ended_on": _date(row.get("RFENDTC")),
            "screened_on": None,
            "state": Subject.State.COMPLETED if row.get("RFENDTC") else Subject.State.ENROLLED,
        }
        given = {"STUDYID": found.study, "DOMAIN": "DM"}
        rows.append({**values, "details": between.apart(row, animal_row(values), given)})
    made = steps.register_subjects(act, study, rows)
    return dict(zip(found.animals, made, strict=True))


def _groups(act: Act, study: Study, found: Package, animals: Mapping[str, Subject]) -> None:
    """Enter the arms of the package as a design, and who is in which."""
    words: dict[str, str] = {}
    for row in found.animals.values():
        if row.get("ARMCD"):
            words.setdefault(str(row["ARMCD"]), str(row.get("ARM") or row["ARMCD"]))
    if not words:
        return
    doses = _doses(found)
    draft = steps.draft_protocol(act, study, text=f"Design as it stands in the SEND package {found.study}.")
    codes = {
        code: "".join(c if c.isalnum() or c in "._-" else "-" for c in code).strip("-._") or "arm" for code in words
    }
    arms: list[Arm] = steps.add_arms(
        act,
        draft,
        [{"code": codes[code][:20], "name": words[code][:120], **doses.get(code, {})} for code in sorted(words)],
    )
    by_code = dict(zip(sorted(words), arms, strict=True))
    pairs = [
        (animals[key], by_code[str(row["ARMCD"])])
        for key, row in found.animals.items()
        if row.get("ARMCD") and animals[key].is_in_study
    ]
    ended = [
        (animals[key], by_code[str(row["ARMCD"])])
        for key, row in found.animals.items()
        if row.get("ARMCD") and not animals[key].is_in_study
    ]
    steps.allocate(act, study, [*pairs, *ended], ended=True)


def _doses(found: Package) -> dict[str, dict[str, Any]]:
    """Return dose, unit and control of each arm as far as the trial sets say them in one way."""
    domain = found.domains.get("TX")
    sets: dict[str, dict[str, str]] = {}
    for row in domain.rows if domain else []:
        sets.setdefault(str(row.get("SETCD")), {})[str(row.get("TXPARMCD"))] = str(row.get("TXVAL") or "")
    told: dict[str, dict[str, Any]] = {}
    for one in sets.values():
        dose, unit = one.get("TRTDOS", ""), between.ucum_of(one.get("TRTDOSU", ""))
        if one.get("ARMCD") and MEASURED.match(dose) and unit:
            told[one["ARMCD"]] = {"dose": dose, "unit": unit, "is_control": float(dose) == 0}
    return told


def _observations(act: Act, study: Study, domain: Domain, animals: Mapping[str, Subject]) -> None:
    rows = []
    for i, row in enumerate(domain.rows, 1):
        animal = animals[str(row["USUBJID"])]
        given = known(study, animal, domain.name)
        if domain.name == "EX":
            values = between.read_dose(row)
            made = between.dose_row(values, animal.reference_on)
        elif domain.name == "DS":
            values = between.read_event(row)
            made = between.event_row(values, animal.reference_on)
        else:
            values = between.read_finding(domain.name, row)
            made = between.finding_row(domain.name, values, animal.reference_on)
        if values.get("day") == 0:
            raise Invalid("there is no study day 0", errors={domain.file_name: f"row {i}"})
        rows.append({**values, "subject": animal, "details": between.apart(row, made, given)})
    record = {"EX": steps.record_interventions, "DS": steps.record_events}.get(domain.name)
    try:
        if record is not None:
            record(act, study, rows)
        else:
            steps.record_findings(act, study, rows, repeats=True)
    except Invalid as refused:
        named = {f"{domain.file_name} row {place}": text for place, text in refused.errors.items()}
        raise Invalid(f"{domain.file_name}: {refused.what}", errors=named, given=refused.given) from refused
