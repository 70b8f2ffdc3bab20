"""Specifications in versions: drafted, approved by signature, never changed afterwards."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from crdmo.common.codes import next_code
from crdmo.common.materials.models import Substance
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign
from crdmo.science.quality.limits import Limit
from crdmo.science.quality.staged import staged_test, units_of_next_stage

from ..models import Criterion, Method, Specification
from .desks import QUALITY_UNIT, SPECIFIERS


@verb("quality.draft_specification", "draft a specification", roles=SPECIFIERS)
def draft_specification(
    act: Act,
    substance: Substance,
    *,
    title: str,
    stage: str,
    criteria: Sequence[dict[str, Any]],
    market: str = "",
    code: str = "",
    supersedes: Specification | None = None,
) -> Specification:
    """Draft a specification with its lines: each has name, method, limit, and optionally unit and parameters."""
    if not criteria:
        raise Invalid("a specification has at least one line", errors={"criteria": "none given"})
    assert substance.program is not None
    made = act.create(
        Specification,
        program=substance.program,
        substance=substance,
        title=title,
        stage=stage,
        market=market,
        code=supersedes.code if supersedes else code or next_code(act, Specification, "SPEC", substance.program),
        number=supersedes.number + 1 if supersedes else 1,
        supersedes=supersedes,
    )
    act.create_many(
        Criterion,
        [
            {"program": substance.program, "specification": made, "position": i, **_checked(line, i)}
            for i, line in enumerate(criteria, 1)
        ],
    )
    return made


def _checked(line: dict[str, Any], position: int) -> dict[str, Any]:
    """Return a line whose limit can be understood and whose method is effective; the limit's text says how it is accepted."""
    method: Method = line["method"]
    if method.state != Method.State.EFFECTIVE:
        raise Refused(f"line {position}: {method} is not effective", given=method.get_state_display())
    if not (staged := staged_test(line["limit"])):
        try:
            Limit.parse(line["limit"])
        except ValueError as error:
            raise Invalid(f"line {position}: {error}", errors={f"criteria/{position}/limit": str(error)}) from error
        return line
    first = units_of_next_stage(staged, 0)
    if method.reporting != Method.Reporting.EACH or method.replicates != first:
        raise Refused(
            f"line {position}: {line['limit']} is tested in stages, the first on {first} units",
            given=f"{method}: {method.replicates} readings; {method.get_reporting_display().lower()}",
            allowed=f"a method of {first} readings; {Method.Reporting.EACH.label.lower()}",
        )
    return {**line, "acceptance": staged}


@verb("quality.approve_specification", "approve a specification", roles=QUALITY_UNIT, signs=Meaning.APPROVED)
def approve_specification(
    act: Act, specification: Specification, *, effective_from: dt.date, credentials: Credentials
) -> Specification:
    """Approve a draft by signature; the version before is superseded. Verdicts given under it stay as they are."""
    if specification.state != Specification.State.DRAFT:
        raise Refused(f"{specification} is no draft", given=specification.get_state_display(), allowed="Draft")
    act.change(specification, state=Specification.State.APPROVED, effective_from=effective_from)
    if specification.supersedes is not None:
        act.change(specification.supersedes, state=Specification.State.SUPERSEDED)
    sign(act, [specification], Meaning.APPROVED, credentials)
    return specification
