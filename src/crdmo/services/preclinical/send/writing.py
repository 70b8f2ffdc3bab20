"""A study as transport files of SEND: what came in as it came, with its corrections; what was recorded here in SENDIG's terms."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from crdmo.common.studies.models import Arm, Epoch, Event, Finding, Intervention, Study, Subject
from crdmo.common.studies.queries import arms_of, in_force
from crdmo.foundation.datasets import store
from crdmo.foundation.datasets.models import Dataset
from crdmo.foundation.refusals import Invalid
from crdmo.foundation.signing import Meaning, signatures_of
from crdmo.standards.cdisc import SEND, check, encode, from_rows, read_files
from crdmo.standards.refusals import Finding as Deviation
from crdmo.standards.refusals import FormatError
from crdmo.standards.xpt import Block, Library, Member, MemberHeader, Variable, encode_library, read_xpt

from .. import toxicokinetics
from .rows import dose_row, event_row, finding_row

KIND = "send.domain"
# An animal that left before it had a group stays in the package.
NOT_ASSIGNED = "NOTASSGN"
FINDING_FIELDS = (
    "code", "name", "category", "specimen", "method", "severity", "value", "number", "unit", "lower_limit", "time_point",
    "elapsed", "not_done", "why_not", "starts", "ends", "day",
)  # fmt: skip
DOSE_FIELDS = ("treatment", "dose", "unit", "form", "frequency", "route", "lot", "starts", "ends", "day")
EVENT_FIELDS = ("term", "decoded", "starts", "ends", "day")
Row = dict[str, Any]


def package(study: Study) -> dict[str, bytes]:
    """Return the transport files of a study by name, the same bytes for the same records.

    Raises:
        Invalid: a value cannot be written: a character beyond ASCII, a text that is too long, a variable that is none.
    """
    try:
        return _package(study)
    except FormatError as error:
        raise Invalid(
            "this study cannot be written as SEND", errors={"record": str(error)}, given=error.given
        ) from error


def deviations(study: Study) -> list[Deviation]:
    """Return where the package of a study deviates from the guide, errors first."""
    found = check(SEND, read_files(dict(package(study))).datasets)
    return sorted(found, key=lambda one: (one.severity != "error", one.place))


def _package(study: Study) -> dict[str, bytes]:
    kept = {one.name: one for one in Dataset.objects.filter(program=study.program, kind=KIND, note=str(study.id))}
    frames = domains(study, set(kept))
    found = {}
    for name, rows in sorted(frames.items()):
        found[f"{name.lower()}.xpt"] = _file(name, rows, kept.get(name))
    for name, dataset in sorted(kept.items()):
        found.setdefault(f"{name.lower()}.xpt", store.get(dataset.blob))
    return found


def domains(study: Study, kept: Iterable[str] = ()) -> dict[str, list[Row]]:
    """Return the rows of each domain that a study has records of; for one of the house the trial design as well."""
    animals = list(study.subjects.filter(is_void=False).select_related("place").order_by("id"))
    arms = arms_of(animals)
    found: dict[str, list[Row]] = {"DM": [_animal(study, one, arms.get(one.id)) for one in animals]}
    for name, rows in _observed(study, animals).items():
        found[name] = rows
    if not study.is_imported:
        found |= _design(study)
        if kinetics := _kinetics(study, animals):
            found["PP"] = kinetics
    return {name: rows for name, rows in found.items() if rows}


def _known(study: Study, animal: Subject, domain: str) -> Row:
    name = str(study.details.get("STUDYID") or study.code)
    return {"STUDYID": name, "DOMAIN": domain, "USUBJID": str(animal.details.get("USUBJID") or f"{name}-{animal.code}")}


def known(study: Study, animal: Subject, domain: str) -> Row:
    """Return the identifiers of a row of an animal."""
    return _known(study, animal, domain)


def animal_row(values: Mapping[str, Any]) -> Row:
    """Return the variables of DM that follow from an animal's fields."""
    return {
        "SUBJID": values["code"],
        "RFSTDTC": _iso(values.get("reference_on")),
        "RFENDTC": _iso(values.get("ended_on")),
        "BRTHDTC": _iso(values.get("born_on")),
        "AGE": float(values["age"]) if values.get("age") else None,
        "AGEU": str(values.get("age_unit") or ""),
        "SEX": values["sex"],
    }


def _iso(day: dt.date | None) -> str:
    return day.isoformat() if day else ""


def _animal(study: Study, one: Subject, arm: Arm | None) -> Row:
    fields = ("code", "reference_on", "ended_on", "born_on", "age", "age_unit", "sex")
    row = {**_known(study, one, "DM"), **animal_row({name: getattr(one, name) for name in fields})}
    own = {"SPECIES": study.species, "STRAIN": study.strain}
    if arm is not None:
        own |= {"ARMCD": arm.code, "ARM": arm.name, "SETCD": arm.code}
    elif not study.is_imported:
        own |= {"ARMCD": NOT_ASSIGNED, "ARM": "Not Assigned", "SETCD": NOT_ASSIGNED}
    return {**row, **own, **one.details}


def _observed(study: Study, animals: Sequence[Subject]) -> dict[str, list[Row]]:
    by_id = {one.id: one for one in animals}
    found: dict[str, list[Row]] = defaultdict(list)
    kinds: tuple[tuple[Any, tuple[str, ...], Any], ...] = (
        (Finding, FINDING_FIELDS, finding_row),
        (Intervention, DOSE_FIELDS, lambda _, values, first: dose_row(values, first)),
        (Event, EVENT_FIELDS, lambda _, values, first: event_row(values, first)),
    )
    for model, fields, made in kinds:
        related = ("visit", "lot") if model is Intervention else ("visit",)
        rows = model.objects.filter(study=study, is_void=False).select_related(*related).order_by("id")
        for one in rows:
            animal = by_id.get(one.subject_id)
            if animal is None:
                continue
            values = {name: getattr(one, name) for name in fields}
            row = {**_known(study, animal, one.domain), **made(one.domain, values, animal.reference_on)}
            if one.visit is not None:
                row["VISITDY"] = one.visit.day
            found[one.domain].append({**row, **one.details})
    return {name: _numbered(name, rows) for name, rows in found.items()}


def _numbered(domain: str, rows: list[Row]) -> list[Row]:
    """Give each row its sequence number within its animal where it came without one."""
    last: dict[str, int] = defaultdict(int)
    for row in rows:
        given = row.get(f"{domain}SEQ")
        last[row["USUBJID"]] = int(given) if given else last[row["USUBJID"]] + 1
        row[f"{domain}SEQ"] = last[row["USUBJID"]]
    return rows


# Parameter of the result → test code, test name of SEND terminology, which unit.
PARAMETERS = (
    ("cmax", "CMAX", "Max Conc", "conc"),
    ("tmax", "TMAX", "Time of CMAX", "time"),
    ("auc", "AUCLST", "AUC to Last Nonzero Conc", "area"),
    ("auc_tau", "AUCTAU", "AUC Over Dosing Interval", "area"),
    ("auc_inf", "AUCIFO", "AUC Infinity Obs", "area"),
    ("half_life", "LAMZHL", "Half-Life Lambda z", "time"),
)


def _kinetics(study: Study, animals: Sequence[Subject]) -> list[Row]:
    """Return the parameters of each animal's profiles, to six significant digits."""
    by_code = {one.code: one for one in animals}
    rows = []
    for line in toxicokinetics.lines(study):
        words = {"conc": line["unit"], "time": "h", "area": f"h*{line['unit']}"}
        animal = by_code[line["animal"]]
        for name, code, test, kind in PARAMETERS:
            if line[name] is None:
                continue
            text = format(Decimal(f"{line[name]:.6g}"), "f")
            rows.append(
                {
                    **_known(study, animal, "PP"), "PPTESTCD": code, "PPTEST": test, "PPCAT": line["analysis"].code,
                    "PPORRES": text, "PPORRESU": words[kind], "PPSTRESC": text, "PPSTRESN": float(text),
                    "PPSTRESU": words[kind], "PPSPEC": line["analysis"].words.get("specimen", ""), "VISITDY": line["day"],
                }
            )  # fmt: skip
    return _numbered("PP", rows)


def _design(study: Study) -> dict[str, list[Row]]:
    base = {"STUDYID": study.code}
    arms, epochs = in_force(study, Arm), in_force(study, Epoch)
    elements: dict[str, Row] = {}
    order: list[Row] = []
    for arm in arms:
        for i, epoch in enumerate(epochs, 1):
            treated = "treat" in epoch.name.lower() or "dos" in epoch.name.lower()
            code = f"{epoch.code}{arm.code}"[:8] if treated else epoch.code[:8]
            words = f"{epoch.name}, {arm.name}" if treated else epoch.name
            elements.setdefault(
                code,
                {**base, "DOMAIN": "TE", "ETCD": code, "ELEMENT": words, "TESTRL": f"Start of {epoch.name.lower()}"},
            )
            order.append(
                {
                    **base,
                    "DOMAIN": "TA",
                    "ARMCD": arm.code,
                    "ARM": arm.name,
                    "TAETORD": i,
                    "ETCD": code,
                    "ELEMENT": words,
                    "EPOCH": epoch.name.upper(),
                }
            )
    sets = _sets(base, arms)
    if study.subjects.filter(is_void=False, allocations__isnull=True).exists():
        spare = {
            "SETCD": NOT_ASSIGNED,
            "SET": "Not Assigned",
            "TXSEQ": 1,
            "TXPARMCD": "GRPLBL",
            "TXPARM": "Group Label",
        }
        sets.append({**base, "DOMAIN": "TX", **spare, "TXVAL": "Not Assigned"})
    return {"TA": order, "TE": list(elements.values()), "TX": sets, "TS": _summary(study, base)}


def _sets(base: Row, arms: Sequence[Arm]) -> list[Row]:
    rows = []
    for arm in arms:
        told = [
            ("ARMCD", "Arm Code", arm.code),
            ("GRPLBL", "Group Label", arm.name),
            ("TRTDOS", "Dose Level", arm.dose or "0"),
            ("TRTDOSU", "Dose Units", arm.unit),
            ("TCNTRL", "Control Type", "VEHICLE CONTROL" if arm.is_control else ""),
        ]
        rows += [
            {
                **base,
                "DOMAIN": "TX",
                "SETCD": arm.code,
                "SET": arm.name,
                "TXSEQ": i,
                "TXPARMCD": code,
                "TXPARM": name,
                "TXVAL": value,
            }
            for i, (code, name, value) in enumerate((line for line in told if line[2]), 1)
        ]
    return rows


def signed_on(study: Study) -> dt.date | None:
    """Return the day on which the study director signed the first protocol: the start of the study (STSTDTC)."""
    first = study.protocols.filter(is_void=False, number=1).first()
    if first is None:
        return None
    return next((m.signed_at.date() for m in signatures_of(first) if m.meaning == Meaning.AUTHORED), None)


def _summary(study: Study, base: Row) -> list[Row]:
    assert study.program is not None
    told = [
        ("STSTDTC", "Study Start Date", _iso(signed_on(study))),
        ("STITLE", "Study Title", study.title),
        ("SPECIES", "Species", study.species),
        ("STRAIN", "Strain/Substrain", study.strain),
        ("SDESIGN", "Study Design", "PARALLEL"),
        ("SSTYP", "Study Type", study.design),
        ("GLPTYP", "Good Laboratory Practice Type", "FDA" if study.is_glp else ""),
        ("SNDIGVER", "SEND Implementation Guide Version", "SEND IMPLEMENTATION GUIDE VERSION 3.1.1"),
        ("STDIR", "Study Director", study.lead.printed_name if study.lead else ""),
        ("SSPONSOR", "Sponsoring Organization", study.program.sponsor.name),
        ("TFCNTRY", "Test Facility Country", ""),
        ("TRT", "Investigational Therapy or Treatment", study.substance.name if study.substance else ""),
    ]
    return [
        {**base, "DOMAIN": "TS", "TSSEQ": 1, "TSGRPID": "", "TSPARMCD": code, "TSPARM": name, "TSVAL": value}
        for code, name, value in told
        if value
    ]


def _file(name: str, rows: Sequence[Row], kept: Dataset | None) -> bytes:
    """Return a data set as a transport file; what came in keeps its own variables, labels and lengths."""
    if kept is not None:
        library = read_xpt(store.get(kept.blob))
        header = library.members[0].header
        columns = {one.name: (one.name, one.label, one.is_numeric) for one in header.variables}
        frame = _frame(list(columns.values()), rows)
        wide = [_widened(one, frame) for one in header.variables]
        made = MemberHeader(**{**_plain(header), "variables": tuple(wide)})
        return encode_library(
            Library(
                (Member(made, Block(frame)),),
                library.encoding,
                library.sas_version,
                library.system,
                library.created,
                library.modified,
            )
        )
    return encode([from_rows(SEND, name, rows, study=str(rows[0]["STUDYID"]))])[f"{name.lower()}.xpt"]


def _plain(header: MemberHeader) -> Row:
    return {name: getattr(header, name) for name in header.__dataclass_fields__}


def _frame(used: Sequence[tuple[str, str, bool]], rows: Sequence[Row]) -> pl.DataFrame:
    columns = {}
    for key, _, number in used:
        values = [row.get(key) for row in rows]
        if number:
            columns[key] = pl.Series(key, [None if v in (None, "") else float(v) for v in values], dtype=pl.Float64)
        else:
            columns[key] = pl.Series(key, ["" if v is None else str(v).rstrip(" ") for v in values], dtype=pl.String)
    return pl.DataFrame(columns)


def _length(column: pl.Series) -> int:
    longest = column.str.len_bytes().max()
    return max(int(str(longest or 1)), 1)


def _widened(one: Variable, frame: pl.DataFrame) -> Variable:
    """Return a variable with room for what a correction made longer."""
    if one.is_numeric or (need := _length(frame[one.name])) <= one.length:
        return one
    return Variable(**{**{name: getattr(one, name) for name in one.__dataclass_fields__}, "length": need})
