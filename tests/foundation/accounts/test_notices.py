"""The inbox and drafts: plain tables beside the ledger."""

from __future__ import annotations

import pytest

from crdmo.foundation.accounts import drafts, notices
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.refusals import Invalid
from tests import factories

pytestmark = pytest.mark.django_db


def test_each_person_is_told_once() -> None:
    ann, ben = factories.person(), factories.person()
    notices.tell([ann, ben, ann], "the lot waits", url="/x/", why="you watch it")
    assert [n.text for n in notices.unread(ann)] == ["the lot waits"] and notices.unread(ben).count() == 1


def test_reading_takes_out_the_own_lines_only() -> None:
    ann, ben = factories.person(), factories.person()
    told = notices.tell([ann, ben], "the lot waits")
    assert notices.mark_read(ann, [notice.pk for notice in told]) == 1
    assert not notices.unread(ann).exists() and notices.unread(ben).exists()


def test_the_security_unit_is_of_the_organization_and_of_the_installation() -> None:
    ours = factories.person(Role.ADMINISTRATOR, organization=factories.sponsor())
    lab = factories.person(Role.ADMINISTRATOR)
    other = factories.person(Role.ADMINISTRATOR, organization=factories.sponsor("OTHER"))
    factories.person(Role.QA)
    assert set(notices.security_unit(factories.sponsor().pk)) == {ours, lab}
    assert other not in notices.security_unit(None)


@pytest.mark.parametrize(
    "secret", ["password", "signing_password", "signing_totp", "csrfmiddlewaretoken", "code", "credential"]
)
def test_a_draft_never_keeps_a_secret(secret: str) -> None:
    kept = drafts.keep(factories.person(), "/x/", {secret: "hush", "lot_code": "L-1", "amount": "1.50"})
    assert kept.data == {"lot_code": "L-1", "amount": "1.50"}


def test_a_draft_is_the_persons_own() -> None:
    ann, ben = factories.person(), factories.person()
    drafts.keep(ann, "/x/", {"a": "1"})
    assert drafts.find(ben, "/x/") is None and not drafts.discard(ben, "/x/")
    assert drafts.discard(ann, "/x/") and drafts.find(ann, "/x/") is None


@pytest.mark.parametrize(("key", "data"), [("", {}), ("/" * 301, {}), ("/x/", {"text": "x" * 600_000})])
def test_what_cannot_be_kept_is_refused(key: str, data: dict) -> None:
    with pytest.raises(Invalid, match="draft"):
        drafts.keep(factories.person(), key, data)
