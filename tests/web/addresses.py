"""A small house for the tests of the door: one page of each kind."""

from __future__ import annotations

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from crdmo.foundation.refusals import Invalid, NotFound, Refused
from crdmo.web.door import FORM, PERSON, POST, PUBLIC, Page
from crdmo.web.request import PageRequest


def who(request: PageRequest, **kwargs: str) -> HttpResponse:
    program = request.program.code if request.program else None
    said = {"person": request.person.user_id, "role": request.role, "roles": request.roles, "program": program}
    return JsonResponse(said)


def refuse(request: PageRequest, kind: str) -> HttpResponse:
    kinds = {
        "refused": Refused("it is locked", given="locked", allowed="open", next="Open it first"),
        "not-found": NotFound("no such lot LOT-1 of the competitor"),
        "invalid": Invalid("wrong", errors={"amount": "a number"}),
    }
    if kind == "django":
        raise Http404("Lot matching query does not exist")
    if kind == "failure":
        raise RuntimeError("the cause stays in the log")
    raise kinds[kind]


def hello(request: PageRequest) -> HttpResponse:
    return HttpResponse("hello")


def late(request: PageRequest) -> HttpResponse:
    return render(request, "web/accounts/log_out.html")


@csrf_exempt
def api(request: PageRequest, program: str) -> HttpResponse:
    return who(request)


room = [
    path("hello/", hello, name="hello"),
    path("who/", who, name="who"),
    path("refuse/<str:kind>/", refuse, name="refuse"),
    path("unlisted/", hello, name="unlisted"),
    path("quiet/", hello, name="quiet"),
    path("drawing/", hello, name="drawing"),
    path("roles/", who, name="roles"),
    path("bench/", who, name="bench"),
    path("form/", late, name="form"),
    path("api/<str:program>/lots/", api, name="api"),
    path("<str:program>/lots/", who, name="lots"),
    path("<str:program>/grant/", who, name="grant"),
]

urlpatterns = [
    path("t/", include((room, "room"))),
    path("nameless/", hello),
    path("", include("crdmo.web.accounts.urls")),
]

handler400 = "crdmo.web.errors.malformed"
handler403 = "crdmo.web.errors.forbidden"
handler404 = "crdmo.web.errors.not_found"
handler500 = "crdmo.web.errors.failed"

PAGES = {
    "room:hello": Page(PUBLIC),
    "room:who": Page(PERSON),
    "room:refuse": Page(PERSON, FORM),
    "room:quiet": Page(PERSON, background=True),
    "room:drawing": Page(PERSON, csp={"style-src": "'self' 'unsafe-inline'"}),
    "room:roles": Page(("accounts.grant_role", "accounts.verify_identity"), FORM),
    "room:bench": Page("accounts.record_training", anywhere=True),
    "room:form": Page(PERSON, FORM),
    "room:api": Page("view", FORM, api=True),
    "room:lots": Page("view"),
    "room:grant": Page("accounts.grant_role", POST),
}
