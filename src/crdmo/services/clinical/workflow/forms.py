"""Case report form pages: saved, checked, asked about, answered, verified, frozen, signed."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from crdmo.common.studies.models import Activity, ScheduledActivity, Study, Subject, Visit
from crdmo.common.studies.queries import in_force
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.roles import SITE, Role
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Conflict, Invalid, NotFound, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign
from crdmo.proof import canonical

from ..checks import Fired, fired, read_values
from ..models import DONE_ON, Casebook, CrfPage, DataQuery, EditCheck
from .desks import Seen, consented, not_later, of_site, taking_data, worker

State = DataQuery.State
ASKERS = (Role.DATA_MANAGER, Role.MONITOR, Role.MEDICAL_MONITOR)
SHOWN = 20
# How many pages one question goes to in a step.
MOST_ASKED = 500
VERIFIED, CHANGED = "verified", "changed"


@verb("clinical.save_page", "enter data of a subject", roles=SITE)
def save_page(
    act: Act,
    subject: Subject,
    *,
    visit: str,
    form: str,
    done_on: dt.date,
    values: Mapping[str, Any],
    expected: int | None = None,
) -> CrfPage:
    """Save a page; what is odd about it opens queries. What was saved before is changed with a reason.

    Args:
        act: the open act.
        subject: whose page.
        visit: code of the visit.
        form: code of the form.
        done_on: when it was done.
        values: by item, a text, or an object with value and unit, or with not_done.
        expected: the version of the page that was shown; 0 where there was none.

    Raises:
        Invalid: a value is none of its item, or the form is not due at this visit.
        Conflict: somebody saved the page since it was shown.
        Refused: before consent, frozen, or the database is locked.
    """
    return save_pages.within(
        act, subject.study, [{"subject": subject, "visit": visit, "form": form, "done_on": done_on, "values": values, "expected": expected}]
    )[0]  # fmt: skip


@verb("clinical.save_pages", "enter data of several subjects at once", roles=SITE)
def save_pages(act: Act, study: Study, rows: Sequence[Mapping[str, Any]]) -> list[CrfPage]:
    """Save many pages, all or none; each row as `save_page` takes it.

    Raises:
        Invalid: one of the pages cannot be saved; says which and why.
    """
    taking_data(study)
    marks = {
        (one.visit.code, one.activity.code): (one.visit, one.activity) for one in in_force(study, ScheduledActivity)
    }
    keys = {row["subject"].pk for row in rows}
    # By code: a page that was entered before an amendment stays with its own form and visit.
    stands = {
        (one.subject_id, one.visit.code, one.form.code): one
        for one in CrfPage.objects.filter(study=study, subject__in=keys, is_void=False).select_related("visit", "form")
    }
    new: list[dict[str, Any]] = []
    saved: list[CrfPage] = []
    for number, row in enumerate(rows, 1):
        before = stands.get((row["subject"].pk, row["visit"], row["form"]))
        values = _page(act, study, row, marks, before, f"{number}/" if len(rows) > 1 else "")
        _is_expected(row, before)
        if before is None:
            new.append({"program": study.program, "study": study, **values})
        else:
            saved.append(_changed(act, before, values))
    saved += act.create_many(CrfPage, new)
    _ask(act, study, saved)
    return saved


def _page(
    act: Act,
    study: Study,
    row: Mapping[str, Any],
    marks: Mapping[tuple[str, str], tuple[Visit, Activity]],
    before: CrfPage | None,
    place: str,
) -> dict[str, Any]:
    subject = row["subject"]
    if subject.study_id != study.pk:
        raise NotFound("there is no such subject", given=subject.code)
    of_site(act, subject)
    due = (before.visit, before.form) if before else marks.get((row["visit"], row["form"]))
    if due is None:
        raise Invalid(
            "this form is not due at this visit", errors={f"{place}form": "see the schedule of activities"},
            given=f"{row['form']} at {row['visit']}",
        )  # fmt: skip
    consented(subject, not_later(act, f"{place}done_on", row["done_on"]))
    try:
        values = read_values(due[1].items, row["values"], act.now.date())
    except Invalid as refused:
        errors = {f"{place}{code}": why for code, why in refused.errors.items()}
        raise Invalid(refused.what, errors=dict(list(errors.items())[:SHOWN])) from refused
    return {"subject": subject, "visit": due[0], "form": due[1], "done_on": row["done_on"], "values": values}


def _is_expected(row: Mapping[str, Any], before: CrfPage | None) -> None:
    expected = row.get("expected")
    stands = before.version if before else 0
    if expected is not None and expected != stands:
        raise Conflict(
            "this page was saved by somebody else since it was shown",
            given=f"version {expected}",
            allowed=f"version {stands}",
            next="Open it again, compare, and enter what still applies",
        )


def _changed(act: Act, page: CrfPage, values: Mapping[str, Any]) -> CrfPage:
    if page.is_frozen:
        raise Refused(f"{page} is frozen", given="frozen", next="The data manager unfreezes it with a reason")
    if page.values == values["values"] and page.done_on == values["done_on"]:
        raise Invalid("this is what stands", errors={"values": "another value"})
    if not act.reason:
        raise Invalid("a change of recorded data needs a reason", errors={"reason": "say why this is changed"})
    now = {DONE_ON: values["done_on"], **values["values"]}
    was = {DONE_ON: page.done_on, **page.values}
    # A correction takes the verification from what it corrects, and from nothing else.
    looked = {code: said if now.get(code) == was.get(code) else CHANGED for code, said in page.verified_items.items()}
    new = {"values": values["values"], "done_on": values["done_on"], "saved": page.saved + 1}
    return act.change(page, **new, verified_items=looked)


def rules_of(study: Study) -> dict[str, list[EditCheck]]:
    """Return the checks of a trial by the code of their form: they hold for every version of it that has their items."""
    rules: dict[str, list[EditCheck]] = {}
    for rule in EditCheck.objects.filter(study=study, is_void=False).select_related("form").order_by("code"):
        rules.setdefault(rule.form.code, []).append(rule)
    return rules


def _ask(act: Act, study: Study, pages: Sequence[CrfPage]) -> None:
    """Open a query for each check that fires; one that no longer fires is answered by the change, and stays to be closed."""
    rules = rules_of(study)
    waiting: dict[UUID, dict[str, DataQuery]] = {}
    rows = DataQuery.objects.filter(page__in=[one.pk for one in pages], is_void=False).exclude(check_code="")
    for one in rows.exclude(state=State.CLOSED):
        waiting.setdefault(one.page_id, {})[one.check_code] = one
    opened: list[tuple[CrfPage, Fired]] = []
    for page in pages:
        found = {one.check: one for one in fired(page.form.items, rules.get(page.form.code, ()), page.values)}
        if hard := {one.item: one.text for one in found.values() if one.is_hard}:
            raise Invalid(f"{page} cannot be saved as it is; nothing was saved", errors=hard)
        known = waiting.get(page.pk, {})
        opened += [(page, one) for code, one in found.items() if code not in known]
        for code, query in known.items():
            if code not in found and query.state == State.OPEN:
                answer = f"Data changed: {act.reason}"[:500]
                act.change(query, state=State.ANSWERED, answer=answer, answered_by=worker(act), answered_at=act.now)
    first = DataQuery.objects.filter(study=study).count() + 1
    common = {"program": study.program, "study": study, "opened_at": act.now}
    act.create_many(
        DataQuery,
        [
            {**common, "page": page, "number": first + i, "item": one.item, "check_code": one.check, "text": one.text}
            for i, (page, one) in enumerate(opened)
        ],
    )


@verb("clinical.open_query", "ask about an item of a page", roles=ASKERS)
def open_query(act: Act, page: CrfPage, *, item: str, text: str) -> DataQuery:
    """Ask the site about an item, or about the page as a whole.

    Raises:
        Invalid: there is no such item, or nothing is asked.
    """
    return open_queries.within(act, [page], item=item, text=text)[0]


@verb("clinical.open_queries", "ask the same about many pages", roles=ASKERS)
def open_queries(act: Act, pages: Sequence[CrfPage], *, item: str = "", text: str) -> list[DataQuery]:
    """Ask one question about an item of many pages, or about each as a whole: a query for each, all or none.

    Raises:
        Invalid: nothing is asked, a page stands twice, one lacks the item, or there are more than a step takes.
    """
    if not pages or len(pages) > MOST_ASKED or len({one.pk for one in pages}) != len(pages):
        raise Invalid(
            "these pages cannot be asked about", errors={"pages": f"1 to {MOST_ASKED} pages, each once"}, given=str(len(pages))
        )  # fmt: skip
    if not text.strip():
        raise Invalid("nothing is asked", errors={"text": "needed"})
    study = taking_data(pages[0].study)
    if any(one.study_id != study.pk for one in pages):
        raise NotFound("there is no such page in the trial")
    if item and (without := [str(one) for one in pages if item not in {each["code"] for each in one.form.items}]):
        raise Invalid(
            "there is no such item on this page", errors={"item": f"an item of every form; not of: {'; '.join(without[:3])}"}, given=item
        )  # fmt: skip
    first = DataQuery.objects.filter(study=study).count() + 1
    common = {"program": study.program, "study": study, "item": item, "text": text.strip(), "opened_at": act.now}
    return act.create_many(DataQuery, [{**common, "page": one, "number": first + i} for i, one in enumerate(pages)])


@verb("clinical.answer_query", "answer a query", roles=SITE)
def answer_query(act: Act, query: DataQuery, *, answer: str) -> DataQuery:
    """Answer an open query: what stands is right, and why; or what was changed.

    Raises:
        Refused: it is not open.
    """
    _of(act, query, State.OPEN)
    if not answer.strip():
        raise Invalid("an answer says something", errors={"answer": "needed"})
    return act.change(query, state=State.ANSWERED, answer=answer.strip(), answered_by=worker(act), answered_at=act.now)


@verb("clinical.close_query", "close an answered query", roles=ASKERS)
def close_query(act: Act, query: DataQuery) -> DataQuery:
    """Close a query whose answer settles it."""
    _of(act, query, State.ANSWERED)
    return act.change(query, state=State.CLOSED, closed_at=act.now)


@verb("clinical.reopen_query", "ask again", roles=ASKERS)
def reopen_query(act: Act, query: DataQuery) -> DataQuery:
    """Ask again where the answer does not settle it; the answer stays in the history."""
    _of(act, query, State.ANSWERED)
    return act.change(query, state=State.OPEN, answer="", answered_by=None, answered_at=None)


def _of(act: Act, query: DataQuery, state: str) -> None:
    taking_data(query.study)
    of_site(act, query.page.subject)
    query.refresh_from_db(fields=["state", "version", "entry", "is_void"])
    if query.state != state:
        raise Refused(f"{query} is {query.get_state_display().lower()}", given=query.state, allowed=state)


@verb("clinical.verify_pages", "verify pages against the source", roles=(Role.MONITOR,))
def verify_pages(act: Act, pages: Sequence[CrfPage]) -> list[CrfPage]:
    """Say of pages that they agree with the source documents; a later change takes that away.

    Raises:
        Refused: a page is verified as it stands.
    """
    if not pages:
        raise Invalid("there is nothing to verify", errors={"pages": "choose at least one"})
    for page in pages:
        taking_data(page.study)
        if page.is_verified:
            raise Refused(f"{page} is verified as it stands")
    who = worker(act)
    return [
        act.change(one, verified=one.saved, verified_by=who, verified_items=dict.fromkeys(one.parts, VERIFIED))
        for one in pages
    ]


@verb("clinical.verify_items", "verify items of a page against the source", roles=(Role.MONITOR,))
def verify_items(act: Act, page: CrfPage, items: Sequence[str]) -> CrfPage:
    """Say of items of a page that they agree with the source, each by its code (`done_on` for the day).

    The page is verified once all of it is. A later correction takes the verification from the item that it corrects.

    Raises:
        Invalid: nothing is chosen, or the page has no such item.
        Refused: an item is verified as it stands.
    """
    taking_data(page.study)
    wanted = set(items)
    if not wanted or wanted - set(page.parts):
        raise Invalid(
            "these items cannot be verified", errors={"items": f"one or more of: {', '.join(page.parts)}"}, given=", ".join(sorted(wanted))
        )  # fmt: skip
    if done := sorted(one for one in wanted if page.verified_items.get(one) == VERIFIED):
        raise Refused(f"{', '.join(done)} of {page} is verified as it stands", allowed="an item that is not")
    looked = {**page.verified_items, **dict.fromkeys(sorted(wanted), VERIFIED)}
    whole = all(looked.get(one) == VERIFIED for one in page.parts)
    return act.change(
        page, verified_items=looked, verified_by=worker(act), verified=page.saved if whole else page.verified
    )


@verb("clinical.freeze_pages", "freeze pages", roles=(Role.DATA_MANAGER,))
def freeze_pages(act: Act, pages: Sequence[CrfPage]) -> list[CrfPage]:
    """Freeze pages without open queries, so that the site changes them no more.

    Raises:
        Refused: a page is frozen, or a query about it is not closed.
    """
    if not pages:
        raise Invalid("there is nothing to freeze", errors={"pages": "choose at least one"})
    waiting = set(
        DataQuery.objects.filter(page__in=pages, is_void=False)
        .exclude(state=State.CLOSED)
        .values_list("page", flat=True)
    )
    for page in pages:
        taking_data(page.study)
        if page.is_frozen:
            raise Refused(f"{page} is frozen")
        if page.pk in waiting:
            raise Refused(f"a query about {page} is not closed", next="Close it first")
    return [act.change(page, is_frozen=True) for page in pages]


@verb("clinical.unfreeze_page", "unfreeze a page", roles=(Role.DATA_MANAGER,))
def unfreeze_page(act: Act, page: CrfPage) -> CrfPage:
    """Let the site change a frozen page again, with a reason."""
    taking_data(page.study)
    if not page.is_frozen:
        raise Refused(f"{page} is not frozen")
    if not act.reason:
        raise Invalid("say why this page is opened again", errors={"reason": "needed"})
    return act.change(page, is_frozen=False)


def digest_of(pages: Iterable[CrfPage]) -> str:
    """Return what identifies the data of pages: each with the number of its last saving and its values."""
    lines = sorted([str(one.pk), one.saved, one.done_on.isoformat(), one.values] for one in pages)
    return hashlib.sha256(canonical.encode(lines)).hexdigest()


@verb("clinical.sign_casebook", "sign a subject's casebook", roles=(Role.INVESTIGATOR,), signs=Meaning.CERTIFIED)
def sign_casebook(act: Act, casebook: Casebook, *, credentials: Credentials, seen: Seen | None = None) -> Casebook:
    """Sign that the data of a subject are complete and true; a later change of any page breaks the signature.

    Raises:
        Refused: there are no pages, a query is open, or these data are signed.
    """
    return sign_casebooks.within(act, [casebook], credentials=credentials, seen=seen)[0]


@verb("clinical.sign_casebooks", "sign casebooks", roles=(Role.INVESTIGATOR,), signs=Meaning.CERTIFIED)
def sign_casebooks(
    act: Act, casebooks: Sequence[Casebook], *, credentials: Credentials, seen: Seen | None = None
) -> list[Casebook]:
    """Sign several casebooks in one ceremony; see `sign_casebook`."""
    for one in casebooks:
        taking_data(of_site(act, one.subject).study)
        pages = list(CrfPage.objects.filter(subject=one.subject, is_void=False))
        waiting = DataQuery.objects.filter(page__in=pages, state=State.OPEN, is_void=False).count()
        if not pages or waiting:
            raise Refused(f"{one} cannot be signed yet", given=f"{len(pages)} pages, {waiting} open queries")
        found = digest_of(pages)
        if found == one.digest:
            raise Refused(f"{one} is signed as it stands")
        act.change(one, digest=found, pages=len(pages), signed_on=act.now.date())
    sign(
        act,
        list(casebooks),
        Meaning.CERTIFIED,
        credentials,
        seen=seen,
        statement="I certify that the data of this subject are complete, and agree with the source, as I saw it.",
    )
    return list(casebooks)
