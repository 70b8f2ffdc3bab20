"""Leaves: what may be placed, and what happens when the document or a number behind it changes."""

from __future__ import annotations

from typing import Any

import pytest

from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.computing.impact_list import impact
from crdmo.foundation.datasets import store
from crdmo.foundation.documents import workflow as documents
from crdmo.foundation.documents.models import DocumentVersion
from crdmo.foundation.refusals import Invalid, NotFound, Refused
from crdmo.foundation.signing import revoke
from crdmo.foundation.signing.models import Signature
from crdmo.services.regulatory import queries, staleness
from crdmo.services.regulatory.models import Leaf
from crdmo.services.regulatory.workflow import leaves, sequences
from crdmo.standards.ectd import pdf
from tests import factories
from tests.services.regulatory.conftest import GAPS, Office


def test_a_leaf_pins_the_version_and_the_very_bytes(office: Office) -> None:
    version = office.effective("SPEC-1", text="# Specification\n\nAssay 95.0 – 105.0 %.")
    leaf = office.place(office.sequence(), version)
    data = store.get(leaf.blob)
    assert data.startswith(b"%PDF-") and pdf.faults(data) == []
    assert leaf.document_version == version
    assert leaf.attributes == {"substance": "Velatide", "manufacturer": "Northbridge"}
    assert leaf.sources[0]["record"] == str(version.pk)


def test_a_leaf_is_on_the_thread_of_what_its_document_stands_on(office: Office) -> None:
    behind = office.draft("NUMBERS-1", text="99.6")
    leaf = office.place(office.sequence(), office.effective("SPEC-1", sources=[behind]))
    assert leaf.pk in {one.key for one in impact(behind).submissions}


def test_a_changed_number_behind_a_document_makes_its_leaf_stale_and_holds_the_sequence(office: Office) -> None:
    behind = office.draft("NUMBERS-1", text="99.6")
    made = office.assembled()
    leaf = office.place(made, office.effective("BATCH-1", sources=[behind]), "3.2.S.4.4")
    made = office.validated(made)
    documents.edit_draft(office.author, behind, text="93.1", reason="Transcription error")
    assert "which was changed" in staleness.reasons([leaf])[leaf.pk][0]
    with pytest.raises(Refused, match="stale leaves"):
        sequences.sign_off(office.lead, made, gaps=GAPS, credentials=office.sign(office.lead))
    made.refresh_from_db()
    leaves.justify_leaf(office.publisher, leaf, justification="The corrected number is in the errata of 3.2.S.4.4.")
    made = sequences.sign_off(office.lead, made, gaps=GAPS, credentials=office.sign(office.lead))
    assert sequences.publish(office.publisher, made).package is not None


def test_a_justification_does_not_hold_for_a_later_reason(office: Office) -> None:
    behind = office.draft("NUMBERS-1", text="99.6")
    made = office.sequence()
    leaf = office.place(made, office.effective("BATCH-1", sources=[behind]), "3.2.S.4.4")
    documents.edit_draft(office.author, behind, text="93.1", reason="Transcription error")
    leaves.justify_leaf(office.publisher, leaf, justification="Errata.")
    assert sequences.unjustified(made) == []
    office.effective("BATCH-1")
    assert "version 2 is in force" in sequences.unjustified(made)[0]


def test_a_later_version_marks_the_leaf_and_renewing_pins_it(office: Office) -> None:
    made = office.sequence()
    leaf = office.place(made, office.effective("SPEC-1"))
    with pytest.raises(Refused, match="not stale"):
        leaves.justify_leaf(office.publisher, leaf, justification="x")
    with pytest.raises(Refused, match="in force"):
        leaves.renew_leaf(office.publisher, leaf)
    blob = leaf.blob
    second = office.effective("SPEC-1")
    assert "was superseded: version 2 is in force" in sequences.unjustified(made)[0]
    leaf = leaves.renew_leaf(office.publisher, Leaf.objects.get(pk=leaf.pk))
    assert leaf.document_version == second and leaf.blob != blob
    assert sequences.unjustified(made) == []


@pytest.mark.parametrize("state", ["draft", "in_review", "superseded", "withdrawn"])
def test_a_version_that_is_not_in_force_is_not_placed(office: Office, state: str) -> None:
    made = office.sequence()
    if state in ("draft", "in_review"):
        version = office.draft("SPEC-1")
        if state == "in_review":
            documents.submit_for_review(office.author, version)
    else:
        version = office.effective("SPEC-1")
        if state == "superseded":
            office.effective("SPEC-1")
        else:
            documents.withdraw(office.qa, version, reason="Found wrong")
    with pytest.raises(Refused, match="not in force"):
        office.place(made, DocumentVersion.objects.get(pk=version.pk))
    assert Leaf.objects.count() == 0


def test_a_version_whose_approval_was_revoked_is_not_placed(office: Office) -> None:
    from crdmo.foundation.ledger.acts import SYSTEM, act

    version = office.effective("SPEC-1")
    with act(SYSTEM, "signing.revoke", "Signed by mistake") as opened:
        revoke(opened, Signature.objects.get(target_id=version.pk, meaning="approved"))
    with pytest.raises(Refused, match="lacks a signature"):
        office.place(office.sequence(), version)


def test_another_sponsors_document_is_not_there(office: Office) -> None:
    other = factories.program("LQ-7", owner=factories.sponsor("LINDQVIST"))
    author = factories.person(Role.ANALYST, other)
    qa, qp = factories.person(Role.QA, other), factories.person(Role.QUALIFIED_PERSON, other)
    from crdmo.foundation.accounts.models import Login
    from tests.services.quality.lab import known_password

    Login.objects.update(password=known_password())
    version = office.draft("LQ-1", program=other, author=author)
    documents.submit_for_review(author, version)
    documents.review(qp, version, credentials=office.sign(qp))
    documents.approve(qa, version, effective_from=office.today, credentials=office.sign(qa))
    documents.make_effective(qa, version)
    with pytest.raises(NotFound, match="no such document"):
        office.place(office.sequence(), version)
    with pytest.raises(NotFound):
        queries.version_of(office.program, "LQ-1")
    assert version.pk not in {one.pk for one in queries.placeable(office.program)}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"section": "3.2.S.9"}, "no such section"),
        ({"section": "1.0"}, "no leaf stands"),
        ({"title": " "}, "not said"),
        ({"operation": "swap"}, "from the list"),
        ({"operation": "replace"}, "names the leaf"),
        ({"operation": "delete"}, "brings no document"),
        ({"study": "NB-1"}, "studies stand"),
        ({"section": "4.2.3.2", "study": "NB-1", "file_tag": "guess"}, "which part"),
        ({"section": "4.2.3.2", "file_tag": "synopsis"}, "belongs to a study"),
    ],
)
def test_a_placement_whose_parts_do_not_fit_is_refused(office: Office, given: dict[str, Any], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        office.place(office.sequence(), office.effective("SPEC-1"), **given)
    assert Leaf.objects.count() == 0


def test_a_file_that_agencies_do_not_take_is_refused(office: Office) -> None:
    made = office.sequence()
    for name, data in (("tool.exe", b"MZ"), ("paper.pdf", b"no pdf at all")):
        with pytest.raises(Refused, match="cannot be submitted"):
            office.place(made, office.effective(f"P-{name[:4]}", data=data, name=name))


def test_what_is_replaced_stands_in_a_published_sequence_of_the_same_application(office: Office) -> None:
    first = office.published()
    application = first.application
    old = first.leaves.get(section="3.2.S.4.1")
    second = office.amendment(application)
    with pytest.raises(Invalid, match="own heading"):
        office.place(second, office.effective("SPEC-1"), "3.2.S.4.4", operation="replace", modifies=old)
    new = office.place(second, office.effective("SPEC-1"), operation="replace", modifies=old)
    with pytest.raises(Refused, match="changed in this sequence"):
        office.place(second, None, operation="delete", modifies=old)
    with pytest.raises(Refused, match="does not stand"):
        office.place(second, office.effective("SPEC-7"), operation="replace", modifies=new)
    other = office.sequence(office.application(number="654321"))
    with pytest.raises(NotFound, match="no such leaf"):
        office.place(other, office.effective("SPEC-8"), operation="replace", modifies=old)
    office.published(second)
    third = office.amendment(application)
    with pytest.raises(Refused, match="does not stand"):
        office.place(third, office.effective("SPEC-1"), operation="replace", modifies=old)


def test_a_deleted_leaf_no_longer_stands(office: Office) -> None:
    first = office.published()
    old = first.leaves.get(section="3.2.S.4.1")
    second = office.amendment(first.application)
    office.place(second, None, operation="delete", modifies=old)
    office.place(second, office.effective("LETTER-2"), "1.2")
    office.published(second)
    assert old.pk not in {leaf.pk for leaf in queries.standing(first.application)}


def test_a_document_stands_once_at_a_heading_of_a_sequence_and_is_taken_out_with_a_reason(office: Office) -> None:
    made = office.sequence()
    version = office.effective("SPEC-1")
    leaf = office.place(made, version)
    with pytest.raises(Refused, match="already"):
        office.place(made, version)
    with pytest.raises(Invalid, match="reason"):
        leaves.remove_leaf(office.publisher, leaf)
    leaves.remove_leaf(office.publisher, leaf, reason="Wrong heading")
    again = office.place(made, version)
    assert again.identifier != leaf.identifier
