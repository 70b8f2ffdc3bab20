"""Study days as SDTM counts them: the day of first exposure is day 1, the day before it is day -1, and there is no day 0."""

from __future__ import annotations

import datetime as dt

from crdmo.foundation.refusals import Invalid
from crdmo.standards.cdisc.timing import DATE_LENGTH, MOMENT, study_day, whole_date

__all__ = ["DATE_LENGTH", "MOMENT", "date_of", "moment", "study_day", "whole_date"]


def date_of(day: int, reference: dt.date) -> dt.date:
    """Return the date of a study day.

    Raises:
        Invalid: it is day 0.
    """
    if day == 0:
        raise Invalid("there is no study day 0", errors={"day": "1 is the day of first exposure, -1 the day before"})
    return reference + dt.timedelta(days=day - 1 if day > 0 else day)


def moment(text: str, place: str, today: dt.date) -> str:
    """Return a moment as given.

    Raises:
        Invalid: it is no ISO 8601 moment, no day of the calendar, or lies in the future.
    """
    text = text.strip()
    wrong = Invalid(
        "a moment is written by ISO 8601, as far as it is known",
        errors={place: "such as 2026-03-14T08:30, 2026-03-14 or 2026-03"},
        given=text,
    )
    if not MOMENT.match(text):
        raise wrong
    padded = text if len(text) >= DATE_LENGTH else f"{text}-01-01"[:DATE_LENGTH]
    try:
        date = dt.date.fromisoformat(padded[:DATE_LENGTH])
        if len(text) > DATE_LENGTH:
            dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise wrong from error
    if date > today:
        raise Invalid(
            "what was observed does not lie in the future", errors={place: f"{today} at the latest"}, given=text
        )
    return text
