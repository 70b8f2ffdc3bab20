"""CAPA, for their owners, QA, and who checks whether they work."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from crdmo.foundation.refusals import NotFound
from crdmo.foundation.signing import signatures_of_many
from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest
from crdmo.web.steps import may
from crdmo.web.tables import Column, Table

from .. import forms, queries
from ..models import Capa, CapaAction, Deviation, EffectivenessCheck, Extension
from ..workflow import capas
from ..workflow.affected import links_of
from . import steps
from .deviations import find, touch_steps
from .steps import Step, at


@page_of("compliance.capa")
def address(record: Capa) -> str:
    """Return the address of a CAPA's page."""
    assert record.program is not None
    return reverse("compliance:capa", kwargs={"program": record.program.code, "code": record.code})


@page_of("compliance.capaaction")
@page_of("compliance.effectivenesscheck")
def part_address(record: CapaAction | EffectivenessCheck) -> str:
    """Return the address of a part: its CAPA."""
    return address(record.capa)


@page_of("compliance.extension")
def extension_address(record: Extension) -> str:
    """Return the address of a later day: the CAPA of its action."""
    return address(record.action.capa)


CAPAS = Table(
    "capas",
    "CAPA",
    (
        Column("code", "CAPA", kind="record", sort="code"),
        Column("title", "Title"),
        Column("deviation", "From", kind="record"),
        Column("owner", "Owner", kind="person"),
        Column("state", "State", kind="state", sort="state"),
        Column("check_on", "Effect checked from", kind="day", sort="check_on"),
    ),
    sort="-code",
    tone=lambda row: "bad" if row.state == "failed" else "warn" if row.state != "closed" else "",
    empty=("No CAPA", "A CAPA is opened from a deviation, or by itself where something is to be prevented."),
)


def capa_list(request: PageRequest, program: str) -> HttpResponse:
    """List CAPA, the open ones only if asked."""
    rows = Capa.objects.filter(program=request.program, is_void=False)
    rows = rows.select_related("program", "owner", "deviation__program")
    only = request.GET.get("only", "")
    rows = rows.exclude(state="closed") if only == "open" else rows
    contents = {
        "only": only,
        "title": "Corrective and preventive actions",
        "new": at(request, "capa_new") if may(request, "compliance.open_capa") else "",
        "verb": "Open a CAPA",
    }
    return CAPAS.answer(request, rows, "compliance/list.html", contents)


def capa_new(request: PageRequest, program: str) -> HttpResponse:
    """Open a CAPA, from a deviation, after one that was not effective, or by itself."""
    source, before = request.GET.get("deviation", ""), request.GET.get("follows", "")
    deviation = find(request, Deviation, source) if source else None
    follows = find(request, Capa, before) if before else None
    form = forms.CapaForm(request.POST or None)
    form.fields["owner"].choices = steps.people(request)  # type: ignore[attr-defined]

    def do(given: Any) -> Capa:
        assert request.program is not None
        given["owner"] = steps.person(request, given["owner"])
        given["data"] = given.pop("judged_on")
        given["records"] = queries.find_records(request.program, given["records"])
        return capas.open_capa(request.person, request.program, deviation=deviation, follows=follows, **given)

    of = f" for {deviation.code}" if deviation else f" that follows {follows.code}" if follows else ""
    words = {
        "title": f"Open a CAPA{of}",
        "verb": "Open",
        "back": at(request, "capas"),
        "hint": "How its effect will be judged is decided now, before the first action.",
        "done": "opened. Plan its actions; QA approves the plan.",
    }
    return steps.entry_form(request, form, do, words, address)


def _numbered(rows: list[Any]) -> list[tuple[str, str]]:
    return [("", "Choose"), *((str(one.number), f"{one.number}: {one.text[:80]}") for one in rows)]


def one_of(rows: Any, number: str) -> Any:
    """Return the action or task of a number.

    Raises:
        NotFound: there is none.
    """
    found = next((one for one in rows if str(one.number) == number), None)
    if found is None:
        raise NotFound("there is no such action", given=number)
    return found


def _steps(request: PageRequest, found: Capa) -> list[Step]:
    who, states = request.person, Capa.State
    actions = capas.actions_of(found)
    mine = [one for one in actions if one.owner_id == who.pk and one.state == "open"]
    asked = list(
        Extension.objects.filter(action__in=actions, state="requested", is_void=False).select_related("action__capa")
    )

    def plan(given: Any, _: Any) -> None:
        given["owner"] = steps.person(request, given["owner"])
        capas.plan_action(who, found, **given)

    def extend(given: Any, _: Any) -> None:
        action = one_of(actions, given["number"])
        capas.ask_extension(who, action, due_on=given["due_on"], why=given["why"])

    def decide(given: Any, _: Any) -> None:
        one = next((e for e in asked if str(e.pk) == given["extension"]), None)
        if one is None:
            raise NotFound("there is no such request")
        capas.decide_extension(who, one, grant=given["answer"] == "grant", reason=f"Asked for: {one.why}")

    return [
        Step(
            "done",
            "Complete an action of mine",
            "compliance.complete_action",
            lambda given, _: capas.complete_action(who, one_of(actions, given["number"]), evidence=given["evidence"]),
            forms.EvidenceForm,
            ready=found.state == states.APPROVED and bool(mine),
            choices={"number": _numbered(mine)},
            done="The action is done.",
        ),
        Step(
            "plan",
            "Plan an action",
            "compliance.plan_action",
            plan,
            forms.ActionForm,
            ready=found.state == states.DRAFT and (found.owner_id == who.pk or may(request, "compliance.approve_capa")),
            choices={"owner": steps.people(request)},
        ),
        Step(
            "approve",
            f"Approve the plan of {found.code}",
            "compliance.approve_capa",
            lambda given, signed: capas.approve_capa(who, found, credentials=signed.credentials, seen=signed.seen),
            ready=found.state == states.DRAFT and bool(actions),
            signs=found,
            done="The plan is approved.",
        ),
        Step(
            "decide",
            "Decide on a later day",
            "compliance.decide_extension",
            decide,
            forms.DecideForm,
            ready=bool(asked),
            choices={"extension": [("", "Choose"), *((str(e.pk), f"{e}: {e.why[:80]}") for e in asked)]},
        ),
        Step(
            "check",
            "Check the effect",
            "compliance.check_effectiveness",
            lambda given, signed: capas.check_effectiveness(
                who,
                found,
                effective=given["answer"] == "met",
                evidence=given["evidence"],
                credentials=signed.credentials,
                seen=signed.seen,
            ),
            forms.EffectForm,
            ready=found.state == states.IMPLEMENTED
            and found.check_on <= steps.today()
            and who.pk not in {found.owner_id, *(one.owner_id for one in actions)},
            signs=found,
            done="The effect is judged.",
        ),
        Step(
            "close",
            f"Close {found.code}",
            "compliance.close_capa",
            lambda given, signed: capas.close_capa(who, found, credentials=signed.credentials, seen=signed.seen),
            ready=found.state in (states.EFFECTIVE, states.INEFFECTIVE),
            signs=found,
            done=f"{found.code} is closed.",
        ),
        Step(
            "extend",
            "Ask for a later day",
            "compliance.ask_extension",
            extend,
            forms.ExtensionForm,
            ready=bool(mine),
            choices={"number": _numbered(mine)},
            done="QA decides on the later day.",
        ),
        *touch_steps(request, found, judged=False),
    ]


def capa(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show a CAPA; each step is taken here by who may take it."""
    found: Capa = find(request, Capa, code, "owner", "deviation__program", "follows__program")

    def contents() -> dict[str, Any]:
        found.refresh_from_db()
        actions = capas.actions_of(found)
        may_follow = found.state == Capa.State.INEFFECTIVE and may(request, "compliance.open_capa")
        return {
            "record": found,
            "today": steps.today(),
            "actions": actions,
            "extensions": Extension.objects.filter(action__in=actions, is_void=False)
            .select_related("action__capa")
            .order_by("-entry"),
            "checks": found.checks.filter(is_void=False).select_related("checked_by").order_by("-entry"),
            "touched": links_of(found),
            "recurrences": found.recurrences.filter(is_void=False).select_related("program"),
            "followed_by": found.followed_by.filter(is_void=False).select_related("program"),
            "signatures": signatures_of_many([found])[found.pk],
            "follow": f"{at(request, 'capa_new')}?follows={found.code}" if may_follow else "",
        }

    return steps.page(request, lambda: _steps(request, found), "compliance/capa.html", contents)


urlpatterns = [
    path("capas/", capa_list, name="capas"),
    path("capas/new/", capa_new, name="capa_new"),
    path("capas/<str:code>/", capa, name="capa"),
]
PAGES = {
    "compliance:capas": Page("compliance.view"),
    "compliance:capa_new": Page("compliance.open_capa", FORM),
    "compliance:capa": Page("compliance.view", FORM),
}
NAV = [("compliance:capas", "CAPA")]
