"""The dialog shows what is signed before it asks for anything, and brings back what was shown."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string

from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import credentials_from, preview, seen_from
from tests.foundation.signing.desk import Desk, another_version, both, log_in, signed


def page(desk: Desk, meaning: str = "reviewed", session_key: str = "", **context: Any) -> str:
    shown = preview([desk.version], meaning, person=desk.reviewer, session_key=session_key)
    return render_to_string("signing/dialog.html", {"preview": shown, "action": "/sign/", "csrf_token": "t", **context})


def test_the_dialog_shows_type_name_version_and_hash(desk: Desk) -> None:
    (item,) = preview([desk.version], "reviewed").items
    (made,) = signed(desk.reviewer, [desk.version])
    assert (item.label, item.version) == ("SOP-7 version 1", 2)
    assert item.content_hash == made.content_hash
    assert item.short_hash in page(desk) and "SOP-7 version 1" in page(desk)


def test_the_dialog_shows_what_changed_since_the_last_signature(desk: Desk) -> None:
    signed(desk.reviewer, [desk.version])
    with act(SYSTEM, "documents.edit", "correction") as opened:
        opened.change(desk.version, text="Weigh 200 mg of the sample.")
    (item,) = preview([desk.version], "reviewed").items
    assert [(d.field, d.old, d.new) for d in item.differences] == [
        ("text", "Weigh 100 mg of the sample.", "Weigh 200 mg of the sample.")
    ]
    assert "<del>Weigh 100 mg of the sample.</del>" in page(desk)


def test_the_dialog_says_when_the_data_is_unchanged(desk: Desk) -> None:
    signed(desk.reviewer, [desk.version])
    assert "The data is unchanged" in page(desk)


def test_the_dialog_lists_open_exceptions(desk: Desk) -> None:
    shown = preview([desk.version], "reviewed", exceptions={desk.version.id: ["Deviation DEV-3 is open"]})
    assert shown.exceptions == 1
    assert "Deviation DEV-3 is open" in render_to_string("signing/dialog.html", {"preview": shown, "action": "/"})


def test_the_button_is_the_act(desk: Desk) -> None:
    assert preview([desk.version], "approved").button == "Approve: SOP-7 version 1"
    assert preview([desk.version, another_version(desk)], "verified").button == "Verify: 2 records"
    assert preview([desk.version], "approved", button="Approve batch 26-0042").button == "Approve batch 26-0042"


def test_the_first_signing_asks_for_the_user_id_and_the_next_does_not(desk: Desk) -> None:
    key = log_in()
    assert 'name="signing_user_id"' in page(desk, session_key=key)
    signed(desk.reviewer, [desk.version], credentials=both(desk.reviewer, key))
    assert 'name="signing_user_id"' not in page(desk, session_key=key)


def test_the_code_is_asked_of_people_who_have_one(desk: Desk) -> None:
    from allauth.mfa.totp.internal import auth

    from crdmo.foundation.accounts.models import Login

    assert 'name="signing_totp"' not in page(desk)
    auth.TOTP.activate(Login.objects.get(person=desk.reviewer), "GEZDGNBVGY3TQOJQ")
    assert 'name="signing_totp"' in page(desk)


def test_a_rejection_asks_for_the_reason_and_other_meanings_do_not(desk: Desk) -> None:
    assert 'name="reason"' in page(desk, "rejected")
    assert 'name="reason"' not in page(desk, "reviewed")


def test_a_refusal_is_shown_inside_and_keeps_what_was_typed(desk: Desk) -> None:
    refused = Refused("the password is wrong", next="Tries left before the account is locked: 4")
    shown = page(desk, "rejected", refused=refused, reason="limit is missing", given_user_id="rita")
    assert "The password is wrong" in shown and "Tries left before the account is locked: 4" in shown
    assert "limit is missing" in shown and 'value="rita"' in shown


def test_an_error_is_said_at_its_field(desk: Desk) -> None:
    shown = page(desk, errors={"signing_password": "type your password"})
    assert re.search(r'id="signing-password"[^>]*aria-describedby="signing-password-error"', shown)
    assert "Type your password" in shown


def test_no_secret_is_ever_sent_back(desk: Desk) -> None:
    shown = page(desk, errors={"signing_password": "type your password"})
    assert not re.search(r'name="signing_(password|totp)"[^>]*value=', shown)


def test_every_box_has_a_label_and_the_page_no_inline_style(desk: Desk) -> None:
    shown = page(desk, "rejected")
    boxes = set(re.findall(r'<(?:input|textarea)[^>]*\bid="([^"]+)"', shown))
    assert boxes == set(re.findall(r'<label for="([^"]+)"', shown))
    assert "style=" not in shown and "onclick" not in shown


def test_the_dialog_brings_back_which_version_was_shown(desk: Desk) -> None:
    hidden = re.findall(r'name="signing_seen" value="([^"]+)"', page(desk))
    form = QueryDict(mutable=True)
    form.setlist("signing_seen", hidden)
    assert seen_from(form) == {desk.version.id: 2}


def test_the_credentials_bring_back_which_version_was_shown(desk: Desk) -> None:
    form = QueryDict(mutable=True)
    form.setlist("signing_seen", re.findall(r'name="signing_seen" value="([^"]+)"', page(desk)))
    assert credentials_from(form, "key").seen == {desk.version.id: 2}


@pytest.mark.parametrize("text", ["", "x:1", "0192d3c4-0000-7000-8000-000000000000:", "0192d3c4:1"])
def test_an_altered_field_is_refused(text: str) -> None:
    form = QueryDict(mutable=True)
    form.setlist("signing_seen", [text])
    with pytest.raises(Invalid, match="cannot be read"):
        seen_from(form)


def test_the_credentials_come_out_of_the_form(desk: Desk) -> None:
    form = {"signing_user_id": " rita ", "signing_password": " with blanks ", "signing_totp": "123 456"}
    found = credentials_from(form, "key")
    assert (found.user_id, found.password, found.session_key, found.totp) == ("rita", " with blanks ", "key", "123 456")
    assert found.passkey is None and not found.by_token


def test_a_broken_passkey_answer_is_refused() -> None:
    with pytest.raises(Invalid, match="passkey's answer cannot be read"):
        credentials_from({"signing_passkey": "{"}, "key")


def test_a_passkey_is_offered_where_a_challenge_was_made(desk: Desk) -> None:
    assert "data-use-passkey" not in page(desk)
    shown = page(desk, passkey_options={"publicKey": {"challenge": "AA"}})
    assert "data-use-passkey" in shown and '{"publicKey": {"challenge": "AA"}}' in shown
    assert not re.search(r'id="signing-password"[^>]* required', shown)
