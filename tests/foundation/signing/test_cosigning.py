"""A step waits until others have signed, in their order."""

from __future__ import annotations

import pytest

from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.refusals import Refused
from crdmo.foundation.signing import require_signed, revoke
from tests.foundation.signing.desk import Desk, signed

EDIT = "documents.edit"


def test_what_was_signed_in_order_may_go_on(desk: Desk) -> None:
    signed(desk.author, [desk.version], "performed", action=EDIT)
    signed(desk.reviewer, [desk.version], "reviewed")
    found = require_signed(desk.version, ["performed", "reviewed"], distinct=True)
    assert [m.printed_name for m in found] == [desk.author.printed_name, desk.reviewer.printed_name]


@pytest.mark.clause("21 CFR 11.10(f)")
def test_a_missing_signature_holds_the_step(desk: Desk) -> None:
    signed(desk.author, [desk.version], "performed", action=EDIT)
    with pytest.raises(Refused, match="lacks a signature: reviewed is missing"):
        require_signed(desk.version, ["performed", "reviewed"])


@pytest.mark.clause("21 CFR 11.10(f)")
def test_signatures_out_of_order_hold_the_step(desk: Desk) -> None:
    signed(desk.reviewer, [desk.version], "reviewed")
    signed(desk.author, [desk.version], "performed", action=EDIT)
    with pytest.raises(Refused, match="given out of order"):
        require_signed(desk.version, ["performed", "reviewed"])


def test_one_person_does_not_count_twice_where_two_are_asked_for(desk: Desk) -> None:
    signed(desk.reviewer, [desk.version], "reviewed")
    signed(desk.reviewer, [desk.version], "approved", action=EDIT)
    assert require_signed(desk.version, ["reviewed", "approved"])
    with pytest.raises(Refused, match="or by the same person"):
        require_signed(desk.version, ["reviewed", "approved"], distinct=True)


def test_a_signature_over_other_data_does_not_count(desk: Desk) -> None:
    signed(desk.reviewer, [desk.version], "reviewed")
    with act(SYSTEM, EDIT, "correction") as opened:
        opened.change(desk.version, text="corrected")
    with pytest.raises(Refused, match=r"reviewed is missing.*no signature that holds"):
        require_signed(desk.version, ["reviewed"])


def test_a_revoked_signature_does_not_count(desk: Desk) -> None:
    (made,) = signed(desk.reviewer, [desk.version], "reviewed")
    with act(desk.reviewer, "documents.review", "mistake") as opened:
        revoke(opened, made)
    with pytest.raises(Refused, match="reviewed is missing"):
        require_signed(desk.version, ["reviewed"])
