"""What may be signed, in which meaning, and that it is what the signer was shown."""

from __future__ import annotations

import pytest

from crdmo.foundation.documents.models import Document, DocumentVersion
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.refusals import Conflict, Invalid, Refused
from crdmo.foundation.signing import Meaning, sign
from crdmo.foundation.signing.models import Signature
from tests.foundation.signing.desk import Desk, another_version, both, signed


def correct(version: DocumentVersion) -> None:
    """Somebody else corrects the version meanwhile."""
    with act(SYSTEM, "documents.edit", "correction") as opened:
        opened.change(DocumentVersion.objects.get(pk=version.pk), text="Weigh 250 mg.")


def test_what_was_shown_is_signed(desk: Desk) -> None:
    assert signed(desk.reviewer, [desk.version], seen={desk.version.id: 2})[0].target_version == 2


def test_keys_of_what_was_shown_may_be_text(desk: Desk) -> None:
    assert signed(desk.reviewer, [desk.version], seen={str(desk.version.id): 2})


def test_a_record_that_changed_since_it_was_shown_is_not_signed(desk: Desk) -> None:
    correct(desk.version)
    desk.version.refresh_from_db()
    with pytest.raises(Conflict, match=r"changed since it was shown.*version 2.*version 3"):
        signed(desk.reviewer, [desk.version], seen={desk.version.id: 2})


def test_a_record_that_was_not_shown_is_not_signed(desk: Desk) -> None:
    with pytest.raises(Refused, match="was not shown"):
        signed(desk.reviewer, [desk.version], seen={})


def test_what_the_dialog_showed_counts_where_the_step_does_not_say(desk: Desk) -> None:
    shown = both(desk.reviewer, seen={desk.version.id: 2})
    correct(desk.version)
    desk.version.refresh_from_db()
    with pytest.raises(Conflict, match="changed since it was shown"):
        signed(desk.reviewer, [desk.version], credentials=shown)


def test_a_record_that_the_dialog_did_not_list_is_signed_where_the_step_does_not_say(desk: Desk) -> None:
    other = another_version(desk)
    assert signed(desk.reviewer, [other, desk.version], credentials=both(desk.reviewer, seen={desk.version.id: 2}))


def test_a_stale_object_is_not_signed(desk: Desk) -> None:
    correct(desk.version)
    with pytest.raises(Conflict, match="changed since it was shown"):
        signed(desk.reviewer, [desk.version])


def test_the_step_of_the_same_act_is_signed_on_top_of_what_was_shown(desk: Desk) -> None:
    with act(desk.approver, "documents.approve") as opened:
        opened.change(desk.version, state="approved")
        (made,) = sign(opened, [desk.version], "approved", both(desk.approver), seen={desk.version.id: 2})
    assert made.target_version == 3


def test_a_record_is_made_and_signed_in_one_act(desk: Desk) -> None:
    with act(desk.author, "documents.create") as opened:
        made = opened.create(
            Document, program=desk.program, code="SOP-20", title="Sieving", kind="sop", owner=desk.author
        )
        (signature,) = sign(opened, [made], Meaning.AUTHORED, both(desk.author), seen={})
    assert signature.target_version == 1


def test_a_void_record_is_not_signed(desk: Desk) -> None:
    with act(SYSTEM, "documents.withdraw", "entered twice") as opened:
        opened.void(desk.version)
    with pytest.raises(Refused, match="is void and cannot be signed"):
        signed(desk.reviewer, [desk.version])


@pytest.mark.clause("21 CFR 11.50(a)(3)")
@pytest.mark.parametrize("meaning", ["", "ok", "seen and agreed"])
def test_a_meaning_outside_the_list_is_refused(desk: Desk, meaning: str) -> None:
    with pytest.raises(Invalid, match="a signature has a meaning"):
        signed(desk.reviewer, [desk.version], meaning)


@pytest.mark.clause("21 CFR 11.50(a)(3)")
@pytest.mark.parametrize("meaning", Meaning.values)
def test_each_meaning_has_its_statement(desk: Desk, meaning: str) -> None:
    (made,) = signed(desk.reviewer, [desk.version], meaning, action="documents.edit", reason="for the record")
    assert made.statement.startswith("I ")


def test_a_step_is_signed_in_its_own_meaning_only(desk: Desk) -> None:
    with pytest.raises(Refused, match="not signed with this meaning"):
        signed(desk.reviewer, [desk.version], "released", action="documents.review")


def test_a_rejection_has_a_reason(desk: Desk) -> None:
    with pytest.raises(Invalid, match="rejection has a reason"):
        signed(desk.reviewer, [desk.version], "rejected")


def test_nothing_is_not_signed(desk: Desk) -> None:
    with pytest.raises(Invalid, match="nothing to sign"):
        signed(desk.reviewer, [])


def test_a_record_is_not_signed_twice_in_one_ceremony(desk: Desk) -> None:
    with pytest.raises(Invalid, match="once in a ceremony"):
        signed(desk.reviewer, [desk.version, DocumentVersion.objects.get(pk=desk.version.pk)])
    assert not Signature.objects.exists()


def test_a_statement_of_the_step_can_replace_the_usual_one(desk: Desk) -> None:
    (made,) = signed(desk.reviewer, [desk.version], statement="I reviewed it against protocol P-3.")
    assert made.statement == "I reviewed it against protocol P-3."
