"""21 CFR 11.70: a signature belongs to one version of one record and cannot be moved to anything else."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from crdmo.foundation.accounts.models import Person
from crdmo.foundation.documents import workflow
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import Conflict, Invalid, Refused
from crdmo.foundation.signing import revoke, signatures_of
from crdmo.foundation.signing.models import Signature
from crdmo.proof import canonical
from tests.foundation.signing.desk import Desk, another_version, bodies, both, signed

COPIED = (
    "target_type",
    "target_id",
    "target_version",
    "target_entry",
    "target_hash",
    "content_hash",
    "meaning",
    "statement",
    "signer",
    "printed_name",
    "job_title",
    "role",
    "signed_at",
    "components",
    "ceremony",
    "sequence",
    "program",
    "organization",
)


def forge(signature: Signature, **altered: Any) -> Signature:
    """Copy a signature with other values, as somebody could who writes through the ledger."""
    with act(SYSTEM, "documents.review") as opened:
        return opened.create(Signature, **{name: getattr(signature, name) for name in COPIED} | altered)


@pytest.mark.clause("21 CFR 11.70")
def test_a_signature_names_the_entry_the_version_and_the_content(desk: Desk) -> None:
    (made,) = signed(desk.reviewer, [desk.version])
    entry = Entry.objects.get(record_id=desk.version.id, version=desk.version.version)
    assert (made.target_type, made.target_id, made.target_version) == ("documents.documentversion", desk.version.id, 2)
    assert (made.target_entry, made.target_hash) == (entry.seq, bytes(entry.hash).hex())
    state = canonical.decode(bytes(entry.body))["state"]
    assert made.content_hash == hashlib.sha256(canonical.encode(state)).hexdigest()


@pytest.mark.clause("21 CFR 11.70")
def test_the_entry_of_a_signature_holds_all_that_the_verifier_reads(desk: Desk) -> None:
    signed(desk.reviewer, [desk.version])
    (entry,) = bodies(record_type="signing.signature")
    needed = {
        "target_type",
        "target_id",
        "target_version",
        "target_entry",
        "target_hash",
        "content_hash",
        "meaning",
        "printed_name",
        "signer",
        "signed_at",
    }
    assert needed <= set(entry["state"])
    assert entry["actor"] == entry["state"]["signer"] == desk.reviewer.actor_id
    assert entry["state"]["signed_at"] == entry["at"]


@pytest.mark.clause("21 CFR 11.70")
def test_a_signature_copied_to_another_record_does_not_fit_it(desk: Desk) -> None:
    other = another_version(desk)
    (made,) = signed(desk.reviewer, [desk.version])
    forge(made, target_id=other.id)
    (shown,) = signatures_of(other)
    assert (shown.state, shown.holds) == ("broken", False)


@pytest.mark.clause("21 CFR 11.70")
@pytest.mark.parametrize(
    "altered", [{"target_version": 1}, {"target_hash": "0" * 64}, {"content_hash": "0" * 64}, {"target_entry": 1}]
)
def test_a_signature_with_another_binding_does_not_fit(desk: Desk, altered: dict[str, Any]) -> None:
    (made,) = signed(desk.reviewer, [desk.version])
    forged = forge(made, **altered)
    assert {m.id: m.state for m in signatures_of(desk.version)} == {made.id: "valid", forged.id: "broken"}


@pytest.mark.clause("21 CFR 11.10(a)")
def test_a_record_changed_after_signing_is_visibly_unsigned(desk: Desk) -> None:
    signed(desk.reviewer, [desk.version])
    with act(SYSTEM, "documents.edit", "typing error") as opened:
        opened.change(desk.version, text="Weigh 200 mg of the sample.")
    (shown,) = signatures_of(desk.version)
    assert (shown.state, shown.holds) == ("changed", False)
    assert shown.detail == "version 3 is not signed; changed: text"


def test_a_step_of_the_workflow_leaves_the_signature_standing(desk: Desk) -> None:
    signed(desk.reviewer, [desk.version])
    with act(SYSTEM, "documents.approve") as opened:
        opened.change(desk.version, state="approved")
    (shown,) = signatures_of(desk.version)
    assert shown.holds
    assert shown.detail == "signs version 2; since then only workflow steps, to version 3"


def test_data_that_is_changed_back_is_signed_again(desk: Desk) -> None:
    before = desk.version.text
    signed(desk.reviewer, [desk.version])
    for text in ("something else", before):
        with act(SYSTEM, "documents.edit", "back and forth") as opened:
            opened.change(desk.version, text=text)
    assert signatures_of(desk.version)[0].holds


def test_a_record_voided_after_signing_shows_so(desk: Desk) -> None:
    signed(desk.reviewer, [desk.version])
    with act(SYSTEM, "documents.withdraw", "entered twice") as opened:
        opened.void(desk.version)
    (shown,) = signatures_of(desk.version)
    assert (shown.holds, shown.detail) == (False, "the record was voided in version 3")


def test_a_signature_is_revoked_by_a_new_entry_with_a_reason(desk: Desk) -> None:
    (made,) = signed(desk.reviewer, [desk.version])
    with act(desk.reviewer, "documents.review", "signed the wrong one") as opened:
        revoke(opened, made)
    (shown,) = signatures_of(desk.version)
    assert (shown.state, shown.holds) == ("revoked", False)
    assert f"revoked by {desk.reviewer.printed_name} on" in shown.detail
    assert shown.detail.endswith("UTC: signed the wrong one")
    assert [b["operation"] for b in bodies(record_type="signing.signature")] == ["create", "void"]


def test_a_signature_is_not_revoked_without_reason(desk: Desk) -> None:
    (made,) = signed(desk.reviewer, [desk.version])
    with pytest.raises(Invalid, match="voided with a reason"), act(desk.reviewer, "documents.review") as opened:
        revoke(opened, made)


def test_a_signature_is_revoked_once(desk: Desk) -> None:
    (made,) = signed(desk.reviewer, [desk.version])
    with act(desk.reviewer, "documents.review", "wrong one") as opened:
        revoke(opened, made)
    with pytest.raises(Refused, match="revoked before"), act(desk.reviewer, "documents.review", "again") as opened:
        revoke(opened, made)


@pytest.mark.clause("21 CFR 11.50(a)(1)")
def test_the_printed_name_is_that_of_the_moment_of_signing(desk: Desk) -> None:
    before = desk.reviewer.printed_name
    signed(desk.reviewer, [desk.version])
    with act(SYSTEM, "accounts.change_person", "marriage") as opened:
        opened.change(desk.reviewer, printed_name="Rita Newname")
    assert signatures_of(desk.version)[0].printed_name == before


def test_a_former_name_out_of_an_old_session_is_not_printed(desk: Desk) -> None:
    with act(SYSTEM, "accounts.change_person", "marriage") as opened:
        opened.change(Person.objects.get(pk=desk.reviewer.pk), printed_name="Rita Newname")
    with pytest.raises(Conflict, match="signer's name was changed"):
        signed(desk.reviewer, [desk.version])
    desk.reviewer.refresh_from_db()
    assert signed(desk.reviewer, [desk.version])[0].printed_name == "Rita Newname"


def test_a_signature_is_made_by_an_act_only(desk: Desk) -> None:
    (made,) = signed(desk.reviewer, [desk.version])
    with pytest.raises(DatabaseError, match="written by an act only"), transaction.atomic():
        Signature.objects.filter(pk=made.pk).update(printed_name="Somebody Else")
    with pytest.raises(DatabaseError, match="never deleted"), transaction.atomic():
        Signature.objects.filter(pk=made.pk).delete()


def test_step_and_signature_are_one_act(desk: Desk) -> None:
    day = dt.datetime.now(dt.UTC).date()
    workflow.review(desk.reviewer, desk.version, credentials=both(desk.reviewer))
    workflow.approve(desk.approver, desk.version, effective_from=day, credentials=both(desk.approver))
    step = bodies(record_id=desk.version.id)[-1]
    signature = bodies(record_type="signing.signature")[-1]
    assert step["act"] == signature["act"]
    assert signature["state"]["target_entry"] == step["seq"]
    assert signature["state"]["target_version"] == desk.version.version
