"""Conclusions: what was seen in each dose group, judged; and the NOAEL that stands on it, signed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import path

from crdmo.common.studies.models import Arm, Finding
from crdmo.common.studies.queries import in_force
from crdmo.foundation.computing.models import Result
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.ledger.thread import stale_causes
from crdmo.foundation.refusals import Invalid, NotFound
from crdmo.foundation.signing import signatures_of_many
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.request import PageRequest
from crdmo.web.stepping import Given, Signed, Step, page

from .. import comparison
from ..models import Effect
from ..models.conclusions import SEXES
from ..workflow import conclusions as workflow
from .frame import choice, find, frame, line, prose
from .quality import identified


class EffectForm(StepForm):
    """An effect in one group."""

    arm = choice("Group")
    sex = choice("Sex", SEXES)
    title = line("Effect", "Such as: body weight 12 % below control. Or: no effect.")
    is_adverse = choice("Judged", [("yes", "Adverse"), ("no", "Not adverse")])
    judgement = prose("Why", "Size, dose response, reversibility, historical range.")
    evidence = forms.MultipleChoiceField(
        label="Shown by",
        help_text="Results, or keys of findings below.",
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    findings = line("Findings", "Keys of single findings, from their pages.", required=False, limit=2000)


class VoidForm(StepForm):
    """A judgement to withdraw."""

    effect = choice("Judgement")
    reason = prose("Reason")


class NoaelForm(StepForm):
    """The level."""

    arm = choice("Highest dose without an adverse effect")
    sex = choice("Sex", SEXES)
    rationale = prose("Reasons", "Why it is this dose: what stands above it, what does not count below it.")
    signing_password = forms.CharField(
        label="Password", widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class ReasonForm(StepForm):
    """Why."""

    reason = prose("Reason")


def _justifying(request: PageRequest, effects: list[Effect]) -> type[StepForm]:
    fields = {
        f"justify_{one.id}": prose(
            f"Why it does not count: {one}"[:200],
            "Only where the level is at or above its dose.",
            required=False,
            rows=1,
        )
        for one in effects
        if one.is_adverse
    }
    return identified(type("NoaelForm", (NoaelForm,), fields), request)


def _steps(request: PageRequest, found: Any) -> list[Step]:
    who = request.person
    mine = found.lead_id == who.pk and found.state in ("active", "completed")
    arms = {one.code: one for one in in_force(found, Arm)}
    results: dict[str, Result] = {
        str(one.result_id): one.result for one in found.analyses.filter(is_void=False).select_related("result")
    }
    effects = list(
        Effect.objects.filter(study=found, is_void=False).select_related("arm").order_by("arm__position", "entry")
    )
    noaels = list(found.noaels.filter(is_void=False).select_related("arm"))
    doses = [(code, f"{one.name}, {one.dose} {one.unit}") for code, one in arms.items() if not one.is_control]

    def judge(given: Given, _: Signed) -> None:
        evidence: list[Record] = [results[key] for key in given["evidence"] if key in results]
        evidence += _findings(found, given["findings"])
        workflow.judge_effect(
            who, found, arm=arms[given["arm"]], sex=given["sex"], title=given["title"], is_adverse=given["is_adverse"] == "yes",
            judgement=given["judgement"], evidence=evidence,
        )  # fmt: skip

    def conclude(given: Given, signed: Signed) -> None:
        justified = {
            name.removeprefix("justify_"): value for name, value in given.items() if name.startswith("justify_")
        }
        workflow.conclude_noael(
            who, found, arm=arms[given["arm"]], sex=given["sex"], rationale=given["rationale"], justified=justified,
            credentials=signed.credentials,
        )  # fmt: skip

    def void(given: Given, _: Signed) -> None:
        one = next((one for one in effects if str(one.pk) == given["effect"]), None)
        if one is None:
            raise NotFound("there is no such judgement", given=given["effect"])
        workflow.void_effect(who, one, reason=given["reason"])

    free = not noaels
    return [
        Step(
            "judge", "Judge an effect", "preclinical.judge_effect", judge, EffectForm, ready=mine and free and bool(arms),
            choices={
                "arm": [("", "Choose"), *((code, str(one)) for code, one in arms.items() if not one.is_control)],
                "evidence": [(key, str(one)) for key, one in results.items()],
            },
        ),
        Step(
            "conclude", "Conclude and sign the NOAEL", "preclinical.conclude_noael", conclude, _justifying(request, effects),
            ready=mine and free and bool(effects), choices={"arm": [("", "Choose"), *doses]}, done="The NOAEL is signed.",
        ),
        Step(
            "void_effect", "Withdraw a judgement", "preclinical.void_effect", void, VoidForm, ready=mine and free and bool(effects),
            choices={"effect": [("", "Choose"), *((str(one.pk), str(one)) for one in effects)]},
        ),
        Step(
            "void_noael", "Withdraw the NOAEL", "preclinical.void_noael",
            lambda given, _: [workflow.void_noael(who, one, reason=given["reason"]) for one in noaels],
            ReasonForm, ready=mine and bool(noaels),
        ),
    ]  # fmt: skip


def _findings(study: Any, given: str) -> list[Record]:
    """Return findings of a study by their keys.

    Raises:
        Invalid: a key is none of its findings.
    """
    made: list[Record] = []
    for key in given.replace(",", " ").split():
        try:
            one = Finding.objects.filter(study=study, pk=UUID(key), is_void=False).first()
        except ValueError:
            one = None
        if one is None:
            raise Invalid("there is no such finding in the study", errors={"findings": "not there"}, given=key)
        made.append(one)
    return made


def noael(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show the evidence by dose group, the judgements, and the level with its signatures."""
    found = find(request, code)

    def contents() -> dict[str, Any]:
        arms = in_force(found, Arm)
        effects = list(
            Effect.objects.filter(study=found, is_void=False).select_related("arm").order_by("arm__position", "entry")
        )
        lines = comparison.lines(found)
        noaels = list(found.noaels.filter(is_void=False).select_related("arm", "study__program"))
        signed = signatures_of_many(noaels)
        stale = set(stale_causes([*(one.id for one in effects), *(one.id for one in noaels)]))
        rows = []
        for arm in arms:
            seen = [
                {"analysis": one["analysis"], "p": comparison.p_words(group["p"]), "change": group["change"]}
                for one in lines
                for group in one["groups"]
                if group["arm"] == arm.code and group["p"] is not None and group["p"] < 0.05
            ]
            rows.append({"arm": arm, "seen": seen, "effects": [one for one in effects if one.arm_id == arm.id]})
        return {
            **frame(request, found, "noael"),
            "rows": rows,
            "noaels": [{"one": one, "signatures": signed[one.pk]} for one in noaels],
            "stale": stale,
        }

    return page(request, lambda: _steps(request, found), "preclinical/noael.html", contents)


urlpatterns = [path("studies/<str:code>/noael/", noael, name="noael")]
PAGES = {"preclinical:noael": Page("preclinical.view", FORM)}
