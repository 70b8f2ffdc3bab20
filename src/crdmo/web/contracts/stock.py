"""Stock for everybody of a program: what there is, what is left of it."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from crdmo.common.materials import queries as materials
from crdmo.common.materials.models import Container, Lot, Sample, Substance

from ..request import PageRequest


def stock(request: PageRequest, program: str) -> HttpResponse:
    """Show what there is of a program: products, lots with what is left of them, samples, containers."""
    here = request.program
    found = list(
        Lot.objects.filter(program=here, is_void=False).select_related("substance", "owner", "program").order_by("code")
    )
    left = materials.remaining_of(found)
    lots = [{"lot": lot, "left": left[lot.pk]} for lot in found]
    contents = {
        "substances": Substance.objects.filter(program=here, is_void=False).order_by("code"),
        "lots": lots,
        "containers": Container.objects.filter(program=here, is_void=False)
        .select_related("lot")
        .order_by("code")[:100],
        "samples": Sample.objects.filter(program=here, is_void=False).select_related("lot").order_by("-entry")[:50],
    }
    return render(request, "web/contracts/stock.html", contents)
