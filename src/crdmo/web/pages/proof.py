"""The proof room of a program: for the sponsor's quality unit, who wants the own copy and a way to check it without us."""

from __future__ import annotations

from django.contrib import messages
from django.http import FileResponse, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render

from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts.models import Organization
from crdmo.foundation.computing import Job, enqueue, job_state
from crdmo.foundation.ledger import keys
from crdmo.foundation.ledger.models import Checkpoint, Entry
from crdmo.foundation.refusals import NotFound, NotPermitted, Refused

from .. import jobs
from ..request import PageRequest

KEPT = 10


def proof(request: PageRequest, program: str) -> HttpResponse:
    """Show the checkpoint and the key, and make a bundle."""
    here, refused = request.program, None
    assert here is not None
    home = request.person.organization
    receivers = (
        Organization.objects.filter(pk__in=[here.organization_id, here.partner_id])
        if home and home.pk == here.partner_id
        else [home]
    )
    if request.method == "POST":
        receiver = request.POST.get("receiver", "")
        try:
            # Asked here as well as in the job: who may not is told at once, not by a job that fails.
            authority.role_for(request.person, "ledger.export", here.pk, here.organization_id)
            if receiver not in (allowed := [one.code for one in receivers if one]):
                raise NotPermitted(
                    "a bundle of this program is not made for them", given=receiver, allowed=", ".join(allowed)
                )
            enqueue(request.person, "ledger.export", program=here, receiver=receiver)
            messages.success(
                request, "The bundle is being written. You can leave this page; you will be told when it is there."
            )
            return HttpResponseRedirect(request.path)
        except Refused as found:
            refused = found
    mine = Job.objects.filter(person=request.person, kind="ledger.export", program=here).order_by("-queued")[:KEPT]
    contents = {
        "checkpoint": Checkpoint.objects.order_by("-size").first(),
        "entries": Entry.objects.filter(stream=str(here.id)).count(),
        "key": keys.signer().verifier.text(),
        "jobs": mine,
        "receivers": receivers,
        "refused": refused,
        "may_export": authority.may(request.person, "ledger.export", here.id),
    }
    return render(request, "web/proof.html", contents, status=refused.status if refused else 200)


def bundle(request: PageRequest, program: str, name: str) -> FileResponse:
    """Give a bundle to the person who asked for it."""
    path = jobs.place(program, name)
    mine = Job.objects.filter(person=request.person, kind="ledger.export", url=request.path, state="done")
    if not mine.exists() or not path.is_file():
        raise NotFound("there is no such bundle", given=name, next="Make one in the proof room")
    return FileResponse(path.open("rb"), as_attachment=True, filename=path.name)


def job(request: PageRequest, key: str) -> HttpResponse:
    """Say how far a job of the own is, for its page."""
    found = Job.objects.filter(pk=key, person=request.person).first()
    if found is None:
        raise NotFound("there is no such job")
    return JsonResponse(job_state(found))
