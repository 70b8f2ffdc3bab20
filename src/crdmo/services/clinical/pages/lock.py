"""The lock of the database, for the data manager: the checklist with what is open, and the signature when nothing is."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path

from crdmo.foundation.refusals import NotFound, Refused
from crdmo.foundation.signing import credentials_from, signatures_of
from crdmo.web.door import FORM, Page
from crdmo.web.request import PageRequest
from crdmo.web.stepping import asks
from crdmo.web.steps import may

from ..locking import checklist
from ..models import DatabaseLock
from ..workflow import locks
from ..workflow.desks import is_unblinded
from .frame import find, frame


def lock(request: PageRequest, program: str, study: str) -> HttpResponse:
    """Show the checklist; lock and unlock here."""
    found = find(request, study)
    stands = DatabaseLock.objects.filter(study=found, is_void=False).select_related("by", "study").first()
    refused: Refused | None = None
    if request.method == "POST":
        try:
            if request.POST.get("step") == "lock":
                signed = credentials_from(request.POST, request.session.session_key)
                locks.lock_database(request.person, found, credentials=signed)
                messages.success(request, "The database is locked.")
            elif request.POST.get("step") == "unlock" and stands is not None:
                locks.unlock_database(request.person, stands, reason=request.POST.get("reason", ""))
                messages.success(request, "The database is unlocked.")
            else:
                raise NotFound("there is no such step")
            return HttpResponseRedirect(request.path)
        except Refused as one:
            refused = one
            found = find(request, study)
    lines = checklist(found) if stands is None else []
    contents = {
        **frame(request, found, "lock"),
        "lines": lines,
        "ready": all(one.is_met for one in lines),
        "lock": stands,
        "signatures": signatures_of(stands) if stands else [],
        "former": DatabaseLock.objects.filter(study=found, is_void=True).select_related("by").order_by("at"),
        "may_lock": stands is None
        and found.state in ("active", "completed")
        and may(request, "clinical.lock_database"),
        "may_unlock": stands is not None and not is_unblinded(found) and may(request, "clinical.unlock_database"),
        "refused_as": refused,
        "reason": request.POST.get("reason", ""),
        "needs": asks(request),
    }
    return render(request, "clinical/lock.html", contents, status=refused.status if refused else 200)


urlpatterns = [path("trials/<str:study>/lock/", lock, name="lock")]
PAGES = {"clinical:lock": Page("clinical.view_subjects", FORM)}
