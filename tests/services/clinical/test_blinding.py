"""Two databases that differ only in a trial's arms answer the same bytes to every blinded role.

A trial is built; every address of the house is asked by every blinded role; then the sealed arms are exchanged in the
store of sealed values, and everything is asked again. What an unblinded person is told differs, so the test can fail.
"""

from __future__ import annotations

import logging
import re

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from crdmo.foundation.accounts import tokens
from crdmo.foundation.accounts.models import Login, Person
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.models import Sealed
from crdmo.services.clinical import demo
from crdmo.services.clinical.models import Kit, Randomisation, Slot
from crdmo.services.clinical.workflow import blinding, forms, safety
from crdmo.web import door
from tests import factories
from tests.services.clinical.trial import Trial

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
# Minutes of the clock, tokens against forgery and the person's own session differ from asking to asking.
MOVES = re.compile(
    rb'csrfmiddlewaretoken" value="\w+"|csrf[^"]{0,12}"[:=]\s*"\w{20,}"|\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?(Z| UTC|\+00:00)?'
    rb"|nonce[=-][\"']?[\w+/=-]+|[\w-]*data-nonce=\"[^\"]*\""
)


def swap() -> None:
    """Exchange the arms in the store of sealed values: nothing else of the database changes."""
    keys = [*Slot.objects.values_list("pk", flat=True), *Kit.objects.values_list("pk", flat=True)]
    held = list(Sealed.objects.filter(record_id__in=keys, field="arm"))
    other = {f'"{demo.ACTIVE}"': f'"{demo.PLACEBO}"', f'"{demo.PLACEBO}"': f'"{demo.ACTIVE}"'}
    for one in held:
        Sealed.objects.filter(pk=one.pk).update(value=other[one.value])
    assert len(held) == len(keys)


def busy(trial: Trial) -> None:
    """Play so much that every page has something to show."""
    for number in range(4):
        trial.randomised(number % 2)
    first = Randomisation.objects.order_by("number").first()
    assert first is not None
    page = trial.save(first.subject, values={"SYSBP": "70"})
    trial.save(first.subject, form="LB")
    query = forms.open_query(trial.crew.monitor, page, item="DIABP", text="Please confirm.")
    forms.answer_query(trial.coordinator, query, answer="Confirmed.")
    safety.report_event(
        trial.coordinator, first.subject, term="Low blood sugar", category="HYPOGLYCAEMIA",
        starts=trial.day(-50).isoformat(), severity="MILD", relation="RELATED", serious="N",
    )  # fmt: skip
    blinding.break_blind(
        trial.investigator,
        first.subject,
        credentials=trial.sign(trial.investigator),
        reason="Unconscious; needs glucose",
    )


# Where a record of the trial can come to light outside of the room: by key, in lists, in the chain, in the search.
GENERAL = {
    "web:home", "web:program", "web:ledger", "web:search", "web:record", "web:thread", "web:program_thread", "web:stale",
    "web:proof", "api:record", "api:record_thread", "api:program_ledger", "api:program_thread",
}  # fmt: skip


def samples() -> dict[str, list[str]]:
    """Return what stands in the places of addresses."""
    first = Randomisation.objects.order_by("number").select_related("subject", "study__program").first()
    assert first is not None and first.study.program is not None
    return {
        "program": [first.study.program.code],
        "study": [first.study.code],
        "code": [first.subject.code],
        "visit": ["SCR"],
        "form": ["VS"],
        "key": [str(first.slot_id), str(first.kit_id), str(first.pk)],
    }


def addresses() -> list[tuple[str, door.Page]]:
    """Return every address of the room that can be read, and those of the house that show records of any room."""
    found, table, urls = samples(), door.table(), []
    for one in door.addresses():
        room = one.name.startswith(("clinical:", "api:clinical"))
        page = table.get(one.name)
        if page is None or "GET" not in page.methods or not (room or one.name in GENERAL):
            continue
        fills: list[dict[str, str]] = [{}]
        for name in one.converters:
            values = found[name][:1] if room else found[name]
            fills = [{**before, name: value} for before in fills for value in values]
        urls += [(reverse(one.name, kwargs=kwargs), page) for kwargs in fills]
    api = f"/api/v1/programs/{found['program'][0]}/clinical/trials/{found['study'][0]}"
    urls.append((f"{api}/subjects?format=csv", door.Page("view", api=True)))
    urls.append((f"/search/?q={Kit.objects.order_by('number')[0].number}", table["web:search"]))
    return urls


def asked(person: Person, urls: list[tuple[str, door.Page]], bearer: str) -> dict[str, bytes]:
    browser, program = Client(raise_request_exception=False), Client(raise_request_exception=False)
    browser.force_login(Login.objects.get(person=person), backend=BACKEND)
    answers = {}
    for url, page in urls:
        answer: HttpResponse = (
            program.get(url, headers={"Authorization": f"Bearer {bearer}"}) if page.api else browser.get(url)
        )
        told = {k: v for k, v in answer.headers.items() if k not in ("Date", "Content-Security-Policy")}
        body = b"".join(answer.streaming_content) if getattr(answer, "streaming", False) else answer.content  # type: ignore[attr-defined]
        answers[url] = MOVES.sub(b"", str(answer.status_code).encode() + repr(sorted(told.items())).encode() + body)
    return answers


def blinded_people(trial: Trial) -> list[Person]:
    """Return one person of each role that is blinded and sees anything of a trial or of the program's records."""
    crew = trial.crew
    have = [crew.coordinators[0], crew.investigators[0], crew.manager, crew.monitor, crew.statistician, crew.physician]
    return [*have, trial.sponsor, factories.person(Role.INSPECTOR, trial.program)]


def told_unblinded(trial: Trial) -> bytes:
    """Return the page on which the unblinded statistician reads the list, in the answer to the signed step."""
    browser = Client()
    browser.force_login(Login.objects.get(person=trial.crew.unblinded), backend=BACKEND)
    url = reverse("clinical:open_list", kwargs={"program": trial.program.code, "study": trial.study.code})
    signed = {"signing_user_id": trial.crew.unblinded.user_id, "signing_password": factories.PASSWORD}
    answer = browser.post(url, {"reason": "Report to the committee", **signed})
    assert answer.status_code == 200 and answer["Cache-Control"] == "no-store"
    return MOVES.sub(b"", answer.content)


@pytest.mark.clause("ICH E6(R3) 4.1")
def test_two_databases_that_differ_only_in_arms_answer_every_blinded_role_the_same(
    trial: Trial, caplog: pytest.LogCaptureFixture
) -> None:
    busy(trial)
    caplog.set_level(logging.INFO)
    urls, people = addresses(), blinded_people(trial)
    assert len(urls) > 40
    bearers = {one.pk: tokens.issue(one, name="blinded", scopes=["read", "write"], days=1)[1] for one in people}
    # Pages outside of the room show the same to every role that opens them; a site, a sponsor and the team ask for all.
    whole = {trial.coordinator.pk, trial.crew.manager.pk, trial.sponsor.pk}
    wanted = {one.pk: urls if one.pk in whole else [row for row in urls if "/clinical/" in row[0]] for one in people}
    # What the unblinded statistician reads is an entry of its own; it is read before anything is compared.
    listed = told_unblinded(trial)
    first = {one.pk: asked(one, wanted[one.pk], bearers[one.pk]) for one in people}
    swap()
    # A page that does not open says so without looking at the trial; the site and the team ask for those again, too.
    again = {
        key: [(url, page) for url, page in rows if key in whole or first[key][url].startswith(b"200")]
        for key, rows in wanted.items()
    }
    second = {one.pk: asked(one, again[one.pk], bearers[one.pk]) for one in people}
    for one in people:
        opened = [url for url, body in first[one.pk].items() if body.startswith(b"200")]
        assert len(opened) >= 6, (one.user_id, opened)
        for url, body in second[one.pk].items():
            assert body == first[one.pk][url], (one.user_id, url)
    assert told_unblinded(trial) != listed, "the unblinded statistician must see the difference"
    assert "Velatide 20 mg" not in caplog.text and "Placebo" not in caplog.text
