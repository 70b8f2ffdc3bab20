"""Toxicokinetics and statistics: computed here, each number leading to its result."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import path

from crdmo.common.studies.models import Arm, Finding, Visit
from crdmo.common.studies.queries import in_force
from crdmo.foundation.ledger.thread import stale_causes
from crdmo.foundation.refusals import Invalid, NotFound
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.request import PageRequest
from crdmo.web.stepping import Given, Signed, Step, page

from .. import comparison, figures, kinetic_rules, queries, toxicokinetics
from ..workflow import analyses as workflow
from .frame import choice, find, frame


class DayForm(StepForm):
    """A day with concentrations."""

    visit = choice("Day", hint="With recorded concentrations.")
    window = choice("Terminal phase", kinetic_rules.WINDOWS.items(), "Unless chosen, PKNCA's rules.", required=False)
    below = choice(
        "Below the limit of quantification",
        [(key, words) for key, (words, _) in kinetic_rules.BELOW.items()],
        "Unless chosen, 0 before, missing between, dropped after.",
        required=False,
    )


class TestForm(StepForm):
    """A test on a day."""

    test = choice("Test")
    day = forms.IntegerField(label="Study day", help_text="As planned, such as 28.")


def _sampled(found: Any) -> list[Visit]:
    codes = set(
        Finding.objects.filter(study=found, domain="PC", is_void=False, visit__isnull=False).values_list(
            "visit__code", flat=True
        )
    )
    return [one for one in in_force(found, Visit) if one.code in codes]


def _mine(request: PageRequest, found: Any) -> bool:
    return bool(found.lead_id == request.person.pk and (found.is_imported or found.state in ("active", "completed")))


def kinetics(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show profiles and exposure; compute a day."""
    found = find(request, code)

    def compute(given: Given, _: Signed) -> None:
        visit = next((one for one in _sampled(found) if one.code == given["visit"]), None)
        if visit is None:
            raise NotFound("there are no concentrations on this day", given=given["visit"])
        rules = {key: given[key] for key in ("window", "below") if given.get(key)}
        workflow.compute_toxicokinetics(request.person, found, visit, **rules)

    def steps() -> list[Step]:
        days = _sampled(found)
        return [
            Step(
                "compute", "Compute a day", "preclinical.compute_toxicokinetics", compute, DayForm,
                ready=bool(days) and _mine(request, found),
                choices={"visit": [("", "Choose"), *((one.code, one.name) for one in days)]}, done="Computed.",
            )
        ]  # fmt: skip

    def contents() -> dict[str, Any]:
        lines, arms = toxicokinetics.lines(found), in_force(found, Arm)
        words = toxicokinetics.units(found)
        drawn = []
        for visit in _sampled(found)[:3]:
            try:
                by_sex = toxicokinetics.mean_curves(found, visit, arms)
            except Invalid:
                continue  # a sample without its time: the step that computes says so
            for sex, word in queries.SEXES:
                curves = by_sex.get(sex, {})
                if any(value > 0 for points in curves.values() for value in points.values()) and len(curves) <= 6:
                    drawn.append(figures.profiles(f"{visit.name}, {word.lower()}", words["cmax"] or "ng/mL", curves))
        return {
            **frame(request, found, "toxicokinetics"),
            "lines": lines,
            "means": toxicokinetics.means(found),
            "units": words,
            "rules": sorted({line["rules"] for line in lines} - {""}),
            "figures": drawn,
            "stale": set(stale_causes(line["result"].id for line in lines)),
        }

    return page(request, steps, "preclinical/toxicokinetics.html", contents)


def statistics(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show the comparisons with the control; compute one."""
    found = find(request, code)

    def compute(given: Given, _: Signed) -> None:
        domain, test, specimen = given["test"].split(".", 2)
        workflow.compare_groups(request.person, found, domain=domain, code=test, specimen=specimen, day=given["day"])

    def steps() -> list[Step]:
        rows = Finding.objects.filter(study=found, is_void=False).exclude(number="").exclude(domain__in=("PC", "PP"))
        tests = sorted(set(rows.values_list("domain", "code", "specimen", "name")))
        words = [(f"{d}.{c}.{s}", f"{n}{f', {s}' if s else ''}") for d, c, s, n in tests]
        return [
            Step(
                "compare", "Compare with the control", "preclinical.compare_groups", compute, TestForm,
                ready=bool(tests) and _mine(request, found), choices={"test": [("", "Choose"), *words]},
                done="Computed.",
            )
        ]  # fmt: skip

    def contents() -> dict[str, Any]:
        lines = comparison.lines(found)
        return {
            **frame(request, found, "statistics"),
            "lines": lines,
            "stale": set(stale_causes(line["result"].id for line in lines)),
        }

    return page(request, steps, "preclinical/statistics.html", contents)


urlpatterns = [
    path("studies/<str:code>/toxicokinetics/", kinetics, name="toxicokinetics"),
    path("studies/<str:code>/statistics/", statistics, name="statistics"),
]
PAGES = {
    "preclinical:toxicokinetics": Page("preclinical.view", FORM),
    "preclinical:statistics": Page("preclinical.view", FORM),
}
