"""What the records of a trial say in the terms of SDTM, row by row. Before unblinding no arm is in it: treatment is a kit number.

Order, labels, lengths, sequence numbers and study days are made by `standards.cdisc`, which refuses what does not fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from crdmo.common.studies.models import (
    Activity,
    Allocation,
    Arm,
    Epoch,
    Event,
    Intervention,
    Study,
    Subject,
    Visit,
)
from crdmo.common.studies.queries import in_force
from crdmo.foundation.ledger.fields import MEASURED

from ..models import Consent, CrfPage, Randomisation

Row = dict[str, Any]
BLINDED = ("BLINDED", "Blinded treatment")
SCREEN_FAILURE = ("", "")
FINDINGS = ("LB", "VS", "QS", "EG")
# Of these the guide asks for the category of the test: the name of the form.
WITH_CATEGORY = ("LB", "QS")


def usubjid(study: Study, subject: Subject) -> str:
    """Return the identifier of a subject that is unique over all trials of the sponsor."""
    return f"{study.code}-{subject.code}"


def domains(study: Study) -> dict[str, list[Row]]:
    """Return the rows of each domain that a trial has records for, by the domain's code."""
    subjects = list(study.subjects.filter(is_void=False).select_related("place__lead").order_by("code"))
    arms = {
        one.subject_id: one.arm for one in Allocation.objects.filter(study=study, is_void=False).select_related("arm")
    }
    doses = _ex(study, arms)
    made = {
        "DM": _dm(study, subjects, arms, doses), "AE": _ae(study), "DS": _ds(study, subjects), "EX": doses,
        **_findings(study), "TA": _ta(study), "TE": _te(study), "TV": _tv(study), "TS": _ts(study, subjects),
    }  # fmt: skip
    return {code: [_plain(row) for row in rows] for code, rows in sorted(made.items()) if rows}


def _dm(study: Study, subjects: Sequence[Subject], arms: dict[Any, Arm], doses: Sequence[Row]) -> list[Row]:
    randomised = set(Randomisation.objects.filter(study=study).values_list("subject", flat=True))
    consent: dict[Any, str] = {}
    for one in Consent.objects.filter(study=study, is_void=False).order_by("-signed_on"):
        consent[one.subject_id] = one.signed_on.isoformat()
    given: dict[str, list[Row]] = {}
    for dose in doses:
        given.setdefault(dose["USUBJID"], []).append(dose)
    rows = []
    for subject in subjects:
        key, died = usubjid(study, subject), subject.state == Subject.State.DEAD
        own = given.get(key, [])
        arm = arms.get(subject.pk)
        code, name = (arm.code, arm.name) if arm else BLINDED if subject.pk in randomised else SCREEN_FAILURE
        treated = subject.reference_on is not None
        rows.append(
            {
                "USUBJID": key,
                "SUBJID": subject.code,
                "RFSTDTC": _day(subject.reference_on),
                "RFENDTC": _day(subject.ended_on) if treated else "",
                "RFXSTDTC": min((one["EXSTDTC"] for one in own), default=""),
                "RFXENDTC": max((one["EXENDTC"] for one in own), default=""),
                "RFICDTC": consent.get(subject.pk, ""),
                "RFPENDTC": _day(subject.ended_on),
                "DTHDTC": _day(subject.ended_on) if died else "",
                "DTHFL": "Y" if died else "",
                "SITEID": subject.place.code if subject.place else "",
                "INVNAM": subject.place.lead.printed_name if subject.place and subject.place.lead else "",
                "AGE": float(subject.age) if subject.age else None,
                "AGEU": "YEARS" if subject.age else "",
                "SEX": subject.sex,
                "ARMCD": code,
                "ARM": name,
                "ACTARMCD": code if treated else "",
                "ACTARM": name if treated else "",
                "ARMNRS": "" if code else "SCREEN FAILURE" if subject.state == Subject.State.FAILED else "NOT ASSIGNED",
                "COUNTRY": subject.place.country if subject.place else "",
            }
        )
    return rows


def _ae(study: Study) -> list[Row]:
    rows = []
    events = Event.objects.filter(study=study, domain="AE", is_void=False).select_related("subject")
    for one in events.order_by("subject__code", "starts", "entry"):
        rows.append(
            {
                "USUBJID": usubjid(study, one.subject),
                "AETERM": one.term,
                "AEDECOD": one.decoded,
                "AECAT": one.category,
                "AESEV": one.severity,
                "AESER": one.serious,
                "AEREL": one.relation,
                "AEOUT": one.outcome,
                "AESDTH": _flag(one, "death"),
                "AESHOSP": _flag(one, "hospitalisation"),
                "AESLIFE": _flag(one, "life-threatening"),
                "AESMIE": _flag(one, "medically important"),
                "AESTDTC": one.starts,
                "AEENDTC": one.ends,
            }
        )
    return rows


def _flag(event: Event, criterion: str) -> str:
    return "" if event.serious != "Y" else "Y" if event.details.get("criterion") == criterion else "N"


ENDINGS = {"completed": "COMPLETED", "withdrawn": "WITHDRAWAL BY SUBJECT", "dead": "DEATH", "failed": "SCREEN FAILURE"}


def _ds(study: Study, subjects: Sequence[Subject]) -> list[Row]:
    consent = {one.subject_id: one for one in Consent.objects.filter(study=study, is_void=False).order_by("-signed_on")}
    drawn = {one.subject_id: one for one in Randomisation.objects.filter(study=study)}
    rows: list[Row] = []
    for subject in subjects:
        told = []
        if subject.pk in consent:
            told.append(
                ("INFORMED CONSENT OBTAINED", "PROTOCOL MILESTONE", consent[subject.pk].signed_on.isoformat(), "")
            )
        if subject.pk in drawn:
            told.append(("RANDOMIZED", "PROTOCOL MILESTONE", drawn[subject.pk].on.isoformat(), ""))
        if subject.state in ENDINGS:
            told.append((ENDINGS[subject.state], "DISPOSITION EVENT", _day(subject.ended_on), subject.ending))
        for decoded, category, on, term in told:
            rows.append(
                {
                    "USUBJID": usubjid(study, subject),
                    "DSTERM": term or decoded,
                    "DSDECOD": decoded,
                    "DSCAT": category,
                    "DSSTDTC": on,
                }
            )
    return rows


def _ex(study: Study, arms: dict[Any, Arm]) -> list[Row]:
    rows = []
    given = Intervention.objects.filter(study=study, domain="EX", is_void=False).select_related("subject")
    for one in given.order_by("subject__code", "starts", "entry"):
        arm = arms.get(one.subject_id)
        ended = one.ends or _day(one.subject.ended_on)
        rows.append(
            {
                "USUBJID": usubjid(study, one.subject),
                "EXREFID": one.treatment,
                "EXTRT": arm.treatment or arm.name if arm else one.treatment,
                "EXDOSE": float(arm.dose if arm and arm.dose else one.dose or 0),
                "EXDOSU": (arm.unit if arm and arm.dose else one.unit).strip("{}"),
                "EXDOSFRM": one.form,
                "EXDOSFRQ": one.frequency,
                "EXROUTE": one.route,
                "EXSTDTC": one.starts,
                "EXENDTC": ended,
            }
        )
    return rows


def _findings(study: Study) -> dict[str, list[Row]]:
    """Return a findings domain for each that forms record in: one row for each item that has a value or why it has none."""
    wanted = [one for one in Activity.objects.filter(study=study, is_void=False) if one.domain in FINDINGS]
    pages: dict[str, list[CrfPage]] = {}
    rows = CrfPage.objects.filter(study=study, form__in=wanted, is_void=False).select_related(
        "subject", "visit", "form"
    )
    for page in rows.order_by("subject__code", "visit__day", "form__position"):
        pages.setdefault(page.form.domain, []).append(page)
    return {code: list(_tested(study, code, found)) for code, found in pages.items()}


def _tested(study: Study, code: str, pages: Iterable[CrfPage]) -> Iterable[Row]:
    for page in pages:
        for item in page.form.items:
            one = page.values.get(item["code"])
            if one is None:
                continue
            value = one.get("value", "")
            yield {
                "USUBJID": usubjid(study, page.subject),
                f"{code}TESTCD": item["code"],
                f"{code}TEST": _cut(item["name"], 40),
                f"{code}CAT": page.form.name if code in WITH_CATEGORY else "",
                f"{code}ORRES": value,
                f"{code}ORRESU": one.get("unit", ""),
                f"{code}STRESC": value,
                f"{code}STRESN": float(value) if MEASURED.match(value) else None,
                f"{code}STRESU": one.get("unit", ""),
                f"{code}STAT": "NOT DONE" if "not_done" in one else "",
                f"{code}REASND": one.get("not_done", ""),
                "VISITNUM": float(page.visit.position),
                "VISIT": page.visit.name,
                "VISITDY": page.visit.day,
                f"{code}DTC": page.done_on.isoformat(),
            }


def _ta(study: Study) -> list[Row]:
    epochs = in_force(study, Epoch)
    return [
        {
            "ARMCD": arm.code,
            "ARM": arm.name,
            "TAETORD": number,
            "ETCD": _element(epoch, arm)[0],
            "ELEMENT": _element(epoch, arm)[1],
            "TABRANCH": "Randomized" if number == 1 else "",
            "EPOCH": epoch.name.upper(),
        }
        for arm in in_force(study, Arm)
        for number, epoch in enumerate(epochs, 1)
    ]


def _element(epoch: Epoch, arm: Arm) -> tuple[str, str]:
    """Return the element of an epoch in an arm: the treatment epoch differs by arm, the others are the same."""
    if epoch.code.startswith("TRT"):
        return f"T{arm.code}"[:8], arm.name[:40]
    return epoch.code[:8], epoch.name[:40]


def _te(study: Study) -> list[Row]:
    found = dict(_element(epoch, arm) for epoch in in_force(study, Epoch) for arm in in_force(study, Arm))
    rules = {"TESTRL": "First procedure of the element", "TEENRL": "Last procedure of the element"}
    return [{"ETCD": code, "ELEMENT": name, **rules} for code, name in sorted(found.items())]


def _tv(study: Study) -> list[Row]:
    return [
        {
            "VISITNUM": float(one.position),
            "VISIT": one.name,
            "VISITDY": one.day,
            "TVSTRL": f"Day {one.day}, {one.before} days before to {one.after} days after",
        }
        for one in in_force(study, Visit)
    ]


def _ts(study: Study, subjects: Sequence[Subject]) -> list[Row]:
    told = [
        ("TITLE", "Trial Title", study.title),
        ("TPHASE", "Trial Phase Classification", f"PHASE {study.phase} TRIAL"),
        ("INDIC", "Trial Disease/Condition Indication", study.indication),
        ("TBLIND", "Trial Blinding Schema", f"{study.get_blinding_display().upper()}"),
        ("PLANSUB", "Planned Number of Subjects", str(study.details["target"])),
        ("ACTSUB", "Actual Number of Subjects", str(sum(one.enrolled_on is not None for one in subjects))),
        ("NARMS", "Planned Number of Arms", str(len(in_force(study, Arm)))),
        ("RANDOM", "Trial is Randomized", "Y"),
        ("SSTDTC", "Study Start Date", _day(study.started_on)),
    ]
    return [
        {"TSSEQ": 1, "TSPARMCD": code, "TSPARM": name, "TSVAL": value[:200]}
        for code, name, value in sorted(told)
        if value
    ]


def _plain(row: Row) -> Row:
    """Return a row whose texts stand on one line: a transport file holds no line breaks and tabs."""
    return {name: " ".join(value.split()) if isinstance(value, str) else value for name, value in row.items()}


def _cut(name: str, most: int) -> str:
    """Return as much of a name as fits into so many bytes, without half a character."""
    return name.encode()[:most].decode(errors="ignore")


def _day(day: Any) -> str:
    return day.isoformat() if day else ""
