"""The responsibility matrix: drafted, checked for gaps and doubles, in force with both signatures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from crdmo.common.codes import next_code
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning

from .. import responsibility
from ..duty_catalogue import CATALOGUE, CHAPTERS
from ..models import DutyLine, DutyMatrix
from .desks import QUALITY, accept


@verb("engagements.draft_duty_matrix", "draft a responsibility matrix", roles=QUALITY)
def draft_duty_matrix(
    act: Act,
    program: Program,
    *,
    title: str,
    covers: Sequence[str],
    starts_on: dt.date,
    ends_on: dt.date | None = None,
    lines: Sequence[Mapping[str, Any]] = (),
) -> DutyMatrix:
    """Draft a matrix: for each duty the one accountable party, `sponsor` or `partner`, for the whole period or a part of it.

    A duty may be shared only where each row names its `part`.

    Raises:
        Invalid: no such chapter, duty or party, a period outside the matrix, or an obligation of GMP left out.
    """
    if unknown := [chapter for chapter in covers if chapter not in CHAPTERS] or ([] if covers else ["none"]):
        raise Invalid(
            "a matrix covers chapters of the catalogue", given=", ".join(unknown), allowed=", ".join(CHAPTERS)
        )
    if ends_on is not None and ends_on < starts_on:
        raise Invalid("a matrix ends after it begins", errors={"ends_on": "before the beginning"}, given=str(ends_on))
    matrix = act.create(
        DutyMatrix, program=program, code=next_code(act, DutyMatrix, "RM", program), title=title, covers=list(covers),
        starts_on=starts_on, ends_on=ends_on,
    )  # fmt: skip
    parties = {"sponsor": program.organization, "partner": program.partner}
    for i, line in enumerate(lines, 1):
        duty, party = CATALOGUE.get(line["duty"]), parties.get(line["party"])
        if duty is None or duty.chapter not in covers or party is None:
            raise Invalid(
                "a row names a duty of the catalogue and one of the two parties", errors={f"lines/{i}": "not known"},
                given=f"{line['duty']}, {line['party']}", allowed="sponsor or partner; duties of " + ", ".join(covers),
            )  # fmt: skip
        begins, ends = line.get("starts_on") or starts_on, line.get("ends_on") or ends_on
        if begins < starts_on or (ends_on is not None and (ends is None or ends > ends_on)):
            raise Invalid(
                "a row lies within the period of its matrix", errors={f"lines/{i}": "outside"}, given=str(begins)
            )
        act.create(
            DutyLine, program=program, matrix=matrix, duty=duty.key, accountable=party, part=line.get("part", ""),
            starts_on=begins, ends_on=ends,
        )  # fmt: skip
    return matrix


@verb("engagements.sign_duty_matrix", "sign a responsibility matrix", roles=QUALITY, signs=Meaning.ACCEPTED)
def sign_duty_matrix(act: Act, matrix: DutyMatrix, *, credentials: Credentials) -> DutyMatrix:
    """Sign for one's organization. Refused while a duty is double, also with a matrix in force, or a GMP duty has nobody."""
    if matrix.state != DutyMatrix.State.DRAFT:
        raise Refused(f"{matrix} is signed", given=matrix.get_state_display())
    program = matrix.program
    assert program is not None
    found = responsibility.coverage(matrix)
    wrong = [f"{row.duty.clause}: {row.said}" for row in found if not row.holds]
    if wrong:
        raise Refused(
            f"{matrix} does not give each duty to exactly one party", given="; ".join(wrong),
            allowed="one accountable party for each duty on each day", next="Draft it anew with these rows mended",
        )  # fmt: skip
    both = accept(act, matrix, credentials, [program.organization, program.partner])
    return act.change(matrix, state=DutyMatrix.State.SIGNED) if both else matrix
