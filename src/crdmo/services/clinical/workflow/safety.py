"""Adverse events: what happened, how grave, how severe, and whether treatment may have caused it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from crdmo.common.studies import workflow as studies
from crdmo.common.studies.days import whole_date
from crdmo.common.studies.models import Event, Subject
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.roles import SITE
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid

from .desks import consented, of_site, taking_data

# SDTM controlled terms: AESEV, AEREL as collected, AEOUT.
SEVERITIES = ("MILD", "MODERATE", "SEVERE")
RELATIONS = ("NOT RELATED", "POSSIBLY RELATED", "RELATED")
OUTCOMES = ("RECOVERED/RESOLVED", "RECOVERING/RESOLVING", "NOT RECOVERED/NOT RESOLVED", "FATAL", "UNKNOWN")
# 21 CFR 312.32(a): what makes an event serious.
CRITERIA = ("death", "life-threatening", "hospitalisation", "disability", "congenital anomaly", "medically important")


@verb("clinical.report_event", "report an adverse event", roles=SITE)
def report_event(
    act: Act,
    subject: Subject,
    *,
    term: str,
    starts: str,
    severity: str,
    relation: str,
    serious: str,
    criterion: str = "",
    category: str = "",
    outcome: str = "UNKNOWN",
    ends: str = "",
) -> Event:
    """Report an adverse event. Serious is what its consequences make it; severe is how strong it is.

    Raises:
        Invalid: a term is not one of its list, a serious event has no criterion, or the start is before consent.
    """
    study = taking_data(of_site(act, subject).study)
    errors = _errors(severity, relation, serious, criterion, outcome)
    if errors:
        raise Invalid("this event cannot be reported so; nothing was saved", errors=errors)
    started: dt.date | None = whole_date(starts)
    # A partial date cannot be compared with the day of consent: what is unknown is not before it.
    if started is not None:
        consented(subject, started)
    row = {
        "subject": subject,
        "domain": "AE",
        "term": term,
        "category": category,
        "severity": severity,
        "serious": serious,
        "relation": relation,
        "outcome": outcome,
        "starts": starts,
        "ends": ends,
        "details": {"criterion": criterion} if criterion else {},
    }
    return studies.record_events(act, study, [row])[0]


def _errors(severity: str, relation: str, serious: str, criterion: str, outcome: str) -> dict[str, str]:
    lists = (
        ("severity", severity, SEVERITIES), ("relation", relation, RELATIONS), ("outcome", outcome, OUTCOMES),
        ("serious", serious, ("Y", "N")),
    )  # fmt: skip
    found = {name: f"one of: {', '.join(allowed)}" for name, value, allowed in lists if value not in allowed}
    if serious == "Y" and criterion not in CRITERIA:
        found["criterion"] = f"a serious event has one of: {', '.join(CRITERIA)}"
    if serious == "N" and criterion:
        found["criterion"] = "only of a serious event"
    if outcome == "FATAL" and serious != "Y":
        found["serious"] = "a fatal event is serious"
    return found


@verb("clinical.correct_event", "correct an adverse event", roles=SITE)
def correct_event(act: Act, event: Event, /, **values: Any) -> Event:
    """Correct what was reported, with a reason; seriousness and its criterion change together."""
    taking_data(of_site(act, event.subject).study)
    criterion = values.pop("criterion", event.details.get("criterion", ""))
    now = {name: values.get(name, getattr(event, name)) for name in ("severity", "relation", "serious", "outcome")}
    errors = _errors(now["severity"], now["relation"], now["serious"], criterion, now["outcome"])
    if errors:
        raise Invalid("this event cannot be corrected so; nothing was saved", errors=errors)
    return studies.correct(act, event, **values, details={"criterion": criterion} if criterion else {})
