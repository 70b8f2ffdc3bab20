"""Form entry, for site people: one page, by keyboard; what is odd is shown at its item as soon as it is saved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path

from crdmo.common.studies.models import Activity, ScheduledActivity, Study, Subject, Visit
from crdmo.common.studies.queries import in_force
from crdmo.foundation.ledger import trail
from crdmo.foundation.refusals import Conflict, Invalid, NotFound, Refused
from crdmo.web.door import FORM, Page
from crdmo.web.request import PageRequest
from crdmo.web.steps import may

from .. import queries
from ..models import DONE_ON, CrfPage
from ..workflow import forms as data
from .frame import at, find, frame


def _due(study: Study, visit: str, form: str) -> tuple[Visit, Activity]:
    found = next(
        (one for one in in_force(study, ScheduledActivity) if (one.visit.code, one.activity.code) == (visit, form)),
        None,
    )
    if found is None:
        raise NotFound("this form is not due at this visit", given=f"{form} at {visit}")
    return found.visit, found.activity


def crf_page(request: PageRequest, program: str, study: str, code: str, visit: str, form: str) -> HttpResponse:
    """Show a page with its queries and its history; site people enter it here."""
    found = find(request, study)
    subject = queries.find_subject(request.person, found, code)
    stands = queries.find_page(request.person, found, code, visit, form)
    # What was entered before an amendment stays with its own form and visit.
    stop, activity = (stands.visit, stands.form) if stands else _due(found, visit, form)
    refused: Refused | None = None
    given: Mapping[str, Any] = request.POST if request.method == "POST" else {}
    if request.method == "POST":
        try:
            _save(request, subject, activity, given)
        except Refused as one:
            refused = one
        else:
            return _onward(request, found, subject, visit, form)
    contents = {
        **frame(request, found, "subjects"),
        "subject": subject,
        "visit": stop,
        "form": activity,
        "page": stands,
        "rows": _rows(activity, stands, given, refused),
        "done_on": given.get("done_on") or (stands.done_on.isoformat() if stands else ""),
        "reason": given.get("reason", ""),
        "expected": given.get("expected") or (stands.version if stands else 0),
        "errors": refused.errors if isinstance(refused, Invalid) else {},
        "refused_as": refused,
        "may_save": may(request, "clinical.save_page")
        and found.state == "active"
        and not (stands and stands.is_frozen),
        "history": _history(stands) if stands else [],
        "asked": stands.queries.filter(is_void=False).order_by("-number") if stands else [],
        "may_ask": stands is not None and may(request, "clinical.open_query") and found.state == "active",
        "queries_url": at(request, "queries", found),
        "source": _source(stands) if stands else [],
        "may_verify": stands is not None
        and not stands.is_verified
        and may(request, "clinical.verify_items")
        and found.state == "active",
        "next": _next(found, subject, visit, form),
    }
    return render(request, "clinical/page.html", contents, status=refused.status if refused else 200)


def _source(page: CrfPage) -> list[dict[str, str]]:
    """Return the parts of a page, each verified against the source, changed since, or neither."""
    names = {DONE_ON: "Done on", **{item["code"]: item["name"] for item in page.form.items}}
    return [{"code": one, "name": names[one], "state": page.verified_items.get(one, "")} for one in page.parts]


def verify_items(request: PageRequest, program: str, study: str, code: str, visit: str, form: str) -> HttpResponse:
    """Verify the chosen items of a page as it was shown; then the page is shown again."""
    found = find(request, study)
    subject = queries.find_subject(request.person, found, code)
    stands = queries.find_page(request.person, found, subject.code, visit, form)
    if stands is None:
        raise NotFound("there is no such page", given=f"{form} at {visit}")
    back = HttpResponseRedirect(at(request, "page", found, code=code, visit=visit, form=form))
    if request.method != "POST":
        return back
    try:
        if request.POST.get("expected") != str(stands.version):
            raise Conflict("this page was changed since it was shown", allowed=f"version {stands.version}")
        data.verify_items(request.person, stands, request.POST.getlist("item"))
    except Refused as refused:
        messages.error(request, refused.sentence())
    else:
        messages.success(request, "Verified as chosen.")
    return back


def _save(request: PageRequest, subject: Subject, activity: Activity, given: Mapping[str, Any]) -> None:
    values = {
        item["code"]: {"value": given.get(f"i_{item['code']}", ""), "not_done": given.get(f"n_{item['code']}", "")}
        for item in activity.items
    }
    try:
        done_on = dt.date.fromisoformat(given.get("done_on", ""))
        expected = int(given.get("expected", "0"))
    except ValueError as error:
        raise Invalid(
            "this page cannot be saved as it is; nothing was saved", errors={"done_on": "a day such as 2026-03-14"}
        ) from error
    place = request.resolver_match.kwargs if request.resolver_match else {}
    data.save_page(
        request.person,
        subject,
        visit=place["visit"],
        form=place["form"],
        done_on=done_on,
        values=values,
        expected=expected,
        reason=given.get("reason", ""),
    )


def _onward(request: PageRequest, study: Study, subject: Subject, visit: str, form: str) -> HttpResponse:
    saved = queries.find_page(request.person, study, subject.code, visit, form)
    assert saved is not None
    asked = saved.queries.filter(state="open", is_void=False).count()
    if asked:
        messages.warning(
            request, f"Saved. {asked} {'query asks' if asked == 1 else 'queries ask'} about it, see below."
        )
        return HttpResponseRedirect(request.path)
    following = _next(study, subject, visit, form)
    messages.success(request, f"{saved} is saved.")
    if following is None:
        return HttpResponseRedirect(at(request, "subject", study, code=subject.code))
    return HttpResponseRedirect(at(request, "page", study, code=subject.code, visit=visit, form=following))


def _next(study: Study, subject: Subject, visit: str, form: str) -> str | None:
    """Return the next form of the visit that is not entered yet."""
    have = set(
        CrfPage.objects.filter(subject=subject, visit__code=visit, is_void=False).values_list("form__code", flat=True)
    )
    due = [one.activity for one in in_force(study, ScheduledActivity) if one.visit.code == visit]
    rest = [one.code for one in sorted(due, key=lambda one: one.position) if one.code not in have and one.code != form]
    return rest[0] if rest else None


def _rows(
    activity: Activity, page: CrfPage | None, given: Mapping[str, Any], refused: Refused | None
) -> list[dict[str, Any]]:
    values = page.values if page else {}
    errors = refused.errors if isinstance(refused, Invalid) else {}
    asked: dict[str, list[Any]] = {}
    if page is not None:
        for one in page.queries.filter(is_void=False).exclude(state="closed").order_by("number"):
            asked.setdefault(one.item, []).append(one)
    found = []
    for item in activity.items:
        code = item["code"]
        one = values.get(code, {})
        found.append(
            {
                "item": item,
                "value": given.get(f"i_{code}", one.get("value", "")),
                "why": given.get(f"n_{code}", one.get("not_done", "")),
                "error": errors.get(code, ""),
                "queries": asked.get(code, []),
            }
        )
    return found


def _history(page: CrfPage) -> list[dict[str, Any]]:
    """Return who entered and changed which item, from what to what, why; newest first."""
    found = []
    for one in trail.history(page.pk):
        for change in one.changes:
            if change.field in ("values", "done_on"):
                found += [{"line": one, **row} for row in _differences(change)]
        if one.version == 1:
            found.append({"line": one, "item": "All items", "old": "", "new": "entered"})
    return found


def _differences(change: Any) -> list[dict[str, str]]:
    if change.field == "done_on":
        return [{"item": "Done on", "old": change.old, "new": change.new}]
    codes = [
        code
        for code in {**(change.old or {}), **(change.new or {})}
        if (change.old or {}).get(code) != (change.new or {}).get(code)
    ]
    return [
        {"item": code, "old": _said((change.old or {}).get(code)), "new": _said((change.new or {}).get(code))}
        for code in codes
    ]


def _said(one: Mapping[str, str] | None) -> str:
    if not one:
        return ""
    return f"not done: {one['not_done']}" if "not_done" in one else f"{one['value']} {one.get('unit', '')}".strip()


urlpatterns = [
    path("trials/<str:study>/subjects/<str:code>/<str:visit>/<str:form>/", crf_page, name="page"),
    path("trials/<str:study>/subjects/<str:code>/<str:visit>/<str:form>/source/", verify_items, name="verify_items"),
]
PAGES = {
    "clinical:page": Page("clinical.view_subjects", FORM),
    "clinical:verify_items": Page("clinical.verify_items", FORM),
}
