"""The domains of a trial in SDTM, built from its records. Before unblinding no arm is in them: treatment is a kit number.

Every domain has its variables in the order of the implementation guide; numbers are numbers, dates ISO 8601 text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from crdmo.common.studies.days import study_day
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

from ..models import Consent, CrfPage, Randomisation

Row = dict[str, Any]
BLINDED = ("BLINDED", "Blinded treatment")
SCREEN_FAILURE = ("", "")


@dataclass(frozen=True)
class Domain:
    """A domain: code, label, variables as (name, label, is a number), rows."""

    code: str
    label: str
    variables: tuple[tuple[str, str, bool], ...]
    rows: list[Row] = field(default_factory=list)


COMMON = (("STUDYID", "Study Identifier", False), ("DOMAIN", "Domain Abbreviation", False))
SUBJECT = (("USUBJID", "Unique Subject Identifier", False),)


def _text(*pairs: tuple[str, str]) -> tuple[tuple[str, str, bool], ...]:
    return tuple((name, label, False) for name, label in pairs)


def _number(*pairs: tuple[str, str]) -> tuple[tuple[str, str, bool], ...]:
    return tuple((name, label, True) for name, label in pairs)


def usubjid(study: Study, subject: Subject) -> str:
    """Return the identifier of a subject that is unique over all trials of the sponsor."""
    return f"{study.code}-{subject.code}"


def domains(study: Study) -> list[Domain]:
    """Return the domains of a trial that have rows, in alphabetical order of their codes."""
    subjects = list(study.subjects.filter(is_void=False).select_related("place__lead").order_by("code"))
    arms = {
        one.subject_id: one.arm for one in Allocation.objects.filter(study=study, is_void=False).select_related("arm")
    }
    made = [
        _dm(study, subjects, arms), _ae(study, subjects), _ds(study, subjects), _ex(study, subjects, arms),
        *_findings(study, subjects), _ta(study), _te(study), _tv(study), _ts(study, subjects),
    ]  # fmt: skip
    return sorted((one for one in made if one.rows), key=lambda one: one.code)


def _dm(study: Study, subjects: Sequence[Subject], arms: dict[Any, Arm]) -> Domain:
    randomised = set(Randomisation.objects.filter(study=study).values_list("subject", flat=True))
    consent: dict[Any, str] = {}
    for one in Consent.objects.filter(study=study, is_void=False).order_by("-signed_on"):
        consent[one.subject_id] = one.signed_on.isoformat()
    rows = []
    for subject in subjects:
        arm = arms.get(subject.pk)
        code, name = (arm.code, arm.name) if arm else BLINDED if subject.pk in randomised else SCREEN_FAILURE
        treated = subject.reference_on is not None
        rows.append(
            {
                "SUBJID": subject.code,
                "RFSTDTC": _day(subject.reference_on),
                "RFENDTC": _day(subject.ended_on) if treated else "",
                "RFICDTC": consent.get(subject.pk, ""),
                "RFPENDTC": _day(subject.ended_on),
                "DTHFL": "Y" if subject.state == Subject.State.DEAD else "",
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
                "_subject": subject,
            }
        )
    variables = (
        *COMMON, *SUBJECT,
        *_text(("SUBJID", "Subject Identifier for the Study"), ("RFSTDTC", "Subject Reference Start Date/Time"),
               ("RFENDTC", "Subject Reference End Date/Time"), ("RFICDTC", "Date/Time of Informed Consent"),
               ("RFPENDTC", "Date/Time of End of Participation"), ("DTHFL", "Subject Death Flag"),
               ("SITEID", "Study Site Identifier"), ("INVNAM", "Investigator Name")),
        *_number(("AGE", "Age")),
        *_text(("AGEU", "Age Units"), ("SEX", "Sex"), ("ARMCD", "Planned Arm Code"), ("ARM", "Description of Planned Arm"),
               ("ACTARMCD", "Actual Arm Code"), ("ACTARM", "Description of Actual Arm"),
               ("ARMNRS", "Reason Arm and/or Actual Arm is Null"), ("COUNTRY", "Country")),
    )  # fmt: skip
    return Domain("DM", "Demographics", variables, _finished(study, "DM", rows, numbered=False))


def _ae(study: Study, subjects: Sequence[Subject]) -> Domain:
    rows = []
    events = Event.objects.filter(study=study, domain="AE", is_void=False).select_related("subject")
    for one in events.order_by("subject__code", "starts", "entry"):
        rows.append(
            {
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
                "AESTDY": study_day(one.starts, one.subject.reference_on),
                "AEENDY": study_day(one.ends, one.subject.reference_on) if one.ends else None,
                "_subject": one.subject,
            }
        )
    variables = (
        *COMMON, *SUBJECT, *_number(("AESEQ", "Sequence Number")),
        *_text(("AETERM", "Reported Term for the Adverse Event"), ("AEDECOD", "Dictionary-Derived Term"),
               ("AECAT", "Category for Adverse Event"), ("AESEV", "Severity/Intensity"), ("AESER", "Serious Event"),
               ("AEREL", "Causality"), ("AEOUT", "Outcome of Adverse Event"), ("AESDTH", "Results in Death"),
               ("AESHOSP", "Requires or Prolongs Hospitalization"), ("AESLIFE", "Is Life Threatening"),
               ("AESMIE", "Other Medically Important Serious Event"), ("AESTDTC", "Start Date/Time of Adverse Event"),
               ("AEENDTC", "End Date/Time of Adverse Event")),
        *_number(("AESTDY", "Study Day of Start of Adverse Event"), ("AEENDY", "Study Day of End of Adverse Event")),
    )  # fmt: skip
    return Domain("AE", "Adverse Events", variables, _finished(study, "AE", rows))


def _flag(event: Event, criterion: str) -> str:
    return "" if event.serious != "Y" else "Y" if event.details.get("criterion") == criterion else "N"


ENDINGS = {"completed": "COMPLETED", "withdrawn": "WITHDRAWAL BY SUBJECT", "dead": "DEATH", "failed": "SCREEN FAILURE"}


def _ds(study: Study, subjects: Sequence[Subject]) -> Domain:
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
                    "DSTERM": (term or decoded)[:200],
                    "DSDECOD": decoded,
                    "DSCAT": category,
                    "DSSTDTC": on,
                    "DSSTDY": study_day(on, subject.reference_on) if on else None,
                    "_subject": subject,
                }
            )
    variables = (
        *COMMON, *SUBJECT, *_number(("DSSEQ", "Sequence Number")),
        *_text(("DSTERM", "Reported Term for the Disposition Event"), ("DSDECOD", "Standardized Disposition Term"),
               ("DSCAT", "Category for Disposition Event"), ("DSSTDTC", "Start Date/Time of Disposition Event")),
        *_number(("DSSTDY", "Study Day of Start of Disposition Event")),
    )  # fmt: skip
    return Domain("DS", "Disposition", variables, _finished(study, "DS", rows))


def _ex(study: Study, subjects: Sequence[Subject], arms: dict[Any, Arm]) -> Domain:
    rows = []
    given = Intervention.objects.filter(study=study, domain="EX", is_void=False).select_related("subject")
    for one in given.order_by("subject__code", "starts", "entry"):
        arm = arms.get(one.subject_id)
        ended = one.ends or _day(one.subject.ended_on)
        rows.append(
            {
                "EXREFID": one.treatment,
                "EXTRT": arm.treatment or arm.name if arm else one.treatment,
                "EXDOSE": float(arm.dose if arm and arm.dose else one.dose or 0),
                "EXDOSU": (arm.unit if arm and arm.dose else one.unit).strip("{}"),
                "EXDOSFRM": one.form,
                "EXDOSFRQ": one.frequency,
                "EXROUTE": one.route,
                "EXSTDTC": one.starts,
                "EXENDTC": ended,
                "EXSTDY": study_day(one.starts, one.subject.reference_on),
                "EXENDY": study_day(ended, one.subject.reference_on) if ended else None,
                "_subject": one.subject,
            }
        )
    variables = (
        *COMMON, *SUBJECT, *_number(("EXSEQ", "Sequence Number")),
        *_text(("EXREFID", "Reference ID"), ("EXTRT", "Name of Treatment")), *_number(("EXDOSE", "Dose")),
        *_text(("EXDOSU", "Dose Units"), ("EXDOSFRM", "Dose Form"), ("EXDOSFRQ", "Dosing Frequency per Interval"),
               ("EXROUTE", "Route of Administration"), ("EXSTDTC", "Start Date/Time of Treatment"),
               ("EXENDTC", "End Date/Time of Treatment")),
        *_number(("EXSTDY", "Study Day of Start of Treatment"), ("EXENDY", "Study Day of End of Treatment")),
    )  # fmt: skip
    return Domain("EX", "Exposure", variables, _finished(study, "EX", rows))


LABELS = {"LB": "Laboratory Test Results", "VS": "Vital Signs", "QS": "Questionnaires", "EG": "ECG Test Results"}


def _findings(study: Study, subjects: Sequence[Subject]) -> Iterable[Domain]:
    """Return a findings domain for each that forms record in: one row for each item that has a value or why it has none."""
    wanted = [one for one in in_force(study, Activity) if one.domain in LABELS]
    pages: dict[str, list[CrfPage]] = {}
    rows = CrfPage.objects.filter(study=study, form__in=wanted, is_void=False).select_related(
        "subject", "visit", "form"
    )
    for page in rows.order_by("subject__code", "visit__day", "form__position"):
        pages.setdefault(page.form.domain, []).append(page)
    for code, found in sorted(pages.items()):
        yield Domain(code, LABELS[code], _finding_variables(code), _finished(study, code, list(_tested(code, found))))


def _tested(code: str, pages: Iterable[CrfPage]) -> Iterable[Row]:
    for page in pages:
        for item in page.form.items:
            one = page.values.get(item["code"])
            if one is None:
                continue
            value = one.get("value", "")
            number = float(value) if item["kind"] == "decimal" and value else None
            yield {
                f"{code}TESTCD": item["code"],
                f"{code}TEST": item["name"][:40],
                f"{code}ORRES": value,
                f"{code}ORRESU": one.get("unit", ""),
                f"{code}STRESC": value,
                f"{code}STRESN": number,
                f"{code}STRESU": one.get("unit", ""),
                f"{code}STAT": "NOT DONE" if "not_done" in one else "",
                f"{code}REASND": one.get("not_done", ""),
                "VISITNUM": float(page.visit.position),
                "VISIT": page.visit.name,
                "VISITDY": page.visit.day,
                f"{code}DTC": page.done_on.isoformat(),
                f"{code}DY": study_day(page.done_on, page.subject.reference_on),
                "_subject": page.subject,
            }


def _finding_variables(code: str) -> tuple[tuple[str, str, bool], ...]:
    return (
        *COMMON, *SUBJECT, *_number((f"{code}SEQ", "Sequence Number")),
        *_text((f"{code}TESTCD", "Test or Examination Short Name"), (f"{code}TEST", "Test or Examination Name"),
               (f"{code}ORRES", "Result or Finding in Original Units"), (f"{code}ORRESU", "Original Units"),
               (f"{code}STRESC", "Character Result/Finding in Std Format")),
        *_number((f"{code}STRESN", "Numeric Result/Finding in Standard Units")),
        *_text((f"{code}STRESU", "Standard Units"), (f"{code}STAT", "Completion Status"),
               (f"{code}REASND", "Reason Test Not Done")),
        *_number(("VISITNUM", "Visit Number")), *_text(("VISIT", "Visit Name")),
        *_number(("VISITDY", "Planned Study Day of Visit")), *_text((f"{code}DTC", "Date/Time of Collection")),
        *_number((f"{code}DY", "Study Day of Visit/Collection/Exam")),
    )  # fmt: skip


def _ta(study: Study) -> Domain:
    epochs = in_force(study, Epoch)
    rows = [
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
    variables = (
        *COMMON, *_text(("ARMCD", "Planned Arm Code"), ("ARM", "Description of Planned Arm")),
        *_number(("TAETORD", "Planned Order of Element within Arm")),
        *_text(("ETCD", "Element Code"), ("ELEMENT", "Description of Element"), ("TABRANCH", "Branch"), ("EPOCH", "Epoch")),
    )  # fmt: skip
    return Domain("TA", "Trial Arms", variables, _finished(study, "TA", rows, numbered=False))


def _element(epoch: Epoch, arm: Arm) -> tuple[str, str]:
    """Return the element of an epoch in an arm: the treatment epoch differs by arm, the others are the same."""
    if epoch.code.startswith("TRT"):
        return f"T{arm.code}"[:8], arm.name[:40]
    return epoch.code[:8], epoch.name[:40]


def _te(study: Study) -> Domain:
    found = dict(_element(epoch, arm) for epoch in in_force(study, Epoch) for arm in in_force(study, Arm))
    rules = {"TESTRL": "First procedure of the element", "TEENRL": "Last procedure of the element"}
    rows = [{"ETCD": code, "ELEMENT": name, **rules} for code, name in sorted(found.items())]
    variables = (
        *COMMON,
        *_text(("ETCD", "Element Code"), ("ELEMENT", "Description of Element"), ("TESTRL", "Rule for Start of Element"),
               ("TEENRL", "Rule for End of Element")),
    )  # fmt: skip
    return Domain("TE", "Trial Elements", variables, _finished(study, "TE", rows, numbered=False))


def _tv(study: Study) -> Domain:
    rows = [
        {
            "VISITNUM": float(one.position),
            "VISIT": one.name,
            "VISITDY": one.day,
            "TVSTRL": f"Day {one.day}, {one.before} days before to {one.after} days after",
        }
        for one in in_force(study, Visit)
    ]
    variables = (
        *COMMON, *_number(("VISITNUM", "Visit Number")), *_text(("VISIT", "Visit Name")),
        *_number(("VISITDY", "Planned Study Day of Visit")), *_text(("TVSTRL", "Visit Start Rule")),
    )  # fmt: skip
    return Domain("TV", "Trial Visits", variables, _finished(study, "TV", rows, numbered=False))


def _ts(study: Study, subjects: Sequence[Subject]) -> Domain:
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
    rows = [
        {"TSSEQ": 1, "TSPARMCD": code, "TSPARM": name, "TSVAL": value[:200]}
        for code, name, value in sorted(told)
        if value
    ]
    variables = (
        *COMMON, *_number(("TSSEQ", "Sequence Number")),
        *_text(("TSPARMCD", "Trial Summary Parameter Short Name"), ("TSPARM", "Trial Summary Parameter"),
               ("TSVAL", "Parameter Value")),
    )  # fmt: skip
    return Domain("TS", "Trial Summary", variables, _finished(study, "TS", rows, numbered=False))


def _finished(study: Study, code: str, rows: Iterable[Row], *, numbered: bool = True) -> list[Row]:
    """Give every row its study, domain, subject, and its number within the subject."""
    found: list[Row] = []
    counted: dict[str, int] = {}
    for row in rows:
        subject = row.pop("_subject", None)
        head: Row = {"STUDYID": study.code, "DOMAIN": code}
        if subject is not None:
            head["USUBJID"] = usubjid(study, subject)
            if numbered:
                counted[head["USUBJID"]] = counted.get(head["USUBJID"], 0) + 1
                head[f"{code}SEQ"] = counted[head["USUBJID"]]
        found.append({**head, **row})
    return found


def _day(day: Any) -> str:
    return day.isoformat() if day else ""
