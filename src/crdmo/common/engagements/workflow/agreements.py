"""Agreements: drafted by one party, in force once both have signed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from crdmo.common.codes import next_code
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning

from ..models import Agreement
from .desks import MANAGERS, accept


@verb("engagements.draft_agreement", "draft an agreement", roles=MANAGERS)
def draft_agreement(
    act: Act,
    program: Program,
    *,
    kind: str,
    title: str,
    effective_from: dt.date,
    ends_on: dt.date | None = None,
    clauses: Sequence[Mapping[str, str]] = (),
    code: str = "",
) -> Agreement:
    """Draft an agreement between the program's sponsor and its partner."""
    if ends_on is not None and ends_on <= effective_from:
        raise Invalid(
            "an agreement ends after it begins", errors={"ends_on": "before the beginning"}, given=str(ends_on)
        )
    return act.create(
        Agreement,
        program=program,
        partner=program.partner,
        kind=kind,
        title=title,
        effective_from=effective_from,
        ends_on=ends_on,
        clauses=[dict(clause) for clause in clauses],
        code=code or next_code(act, Agreement, kind.upper(), program),
    )


@verb("engagements.sign_agreement", "sign an agreement", roles=MANAGERS, signs=Meaning.ACCEPTED)
def sign_agreement(act: Act, agreement: Agreement, *, credentials: Credentials) -> Agreement:
    """Sign for one's organization; in force once both have."""
    if agreement.state != "draft":
        raise Refused(f"{agreement} is signed", given=agreement.get_state_display())
    both = accept(act, agreement, credentials, [agreement.organization, agreement.partner])
    return act.change(agreement, state="signed") if both else agreement
