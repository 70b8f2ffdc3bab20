"""A small development that tests play with: people, one element, two attributes, two operations with three parameters."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from crdmo.foundation.accounts.models import Login, Person, Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.signing import Credentials
from crdmo.services.process.models import Attribute, ControlStrategy, DesignSpace, Parameter, ProfileElement, Study
from crdmo.services.process.workflow import analysis, profile, strategies, studies
from tests import factories
from tests.services.quality.lab import known_password


@dataclass
class Desk:
    """The people and the parts."""

    program: Program
    engineer: Person
    colleague: Person
    lead: Person
    qa: Person
    sponsor: Person
    today: dt.date
    element: ProfileElement
    attributes: dict[str, Attribute]
    parameters: dict[str, Parameter]

    def sign(self, person: Person) -> Credentials:
        """Return what a person gives to sign."""
        return Credentials(person.user_id, factories.PASSWORD, f"log-in of {person.user_id}")

    def draft(self, **changed: Any) -> Study:
        """Draft a face-centred study of two factors; named parts are replaced."""
        given: dict[str, Any] = {
            "title": "Force and time",
            "kind": "process.central_composite",
            "parameters": {"shape": "face", "centre_points": 4},
            "seed": 5,
            "factors": [
                {"parameter": self.parameters["Force"], "low": "8", "high": "16"},
                {"parameter": self.parameters["Time"], "low": "2", "high": "6"},
            ],
            "responses": list(self.attributes.values()),
        }
        return studies.draft_study(self.engineer, self.program, **{**given, **changed})

    def rows(self, study: Study) -> list[dict[str, Any]]:
        """Return a value for every run: a known surface and a little that differs from run to run."""
        return [{"run": r.order, "values": seen(r.planned, r.order)} for r in study.runs.order_by("order")]

    def completed(self) -> Study:
        """Return a study with every run recorded."""
        study = self.draft()
        studies.start_study(self.engineer, study)
        return studies.record_runs(self.engineer, study, self.rows(study))

    def space(self) -> DesignSpace:
        """Return the design space of a completed study with accepted models."""
        study = self.completed()
        for model in analysis.analyse_study(self.engineer, study):
            analysis.judge_model(self.lead, model, accept=True, reason="Fits, no pattern in the residuals")
        return analysis.find_design_space(self.engineer, study, x="Force", y="Time", seed=3)

    def lines(self, space: DesignSpace | None, **changed: Any) -> list[dict[str, Any]]:
        """Return the lines of a strategy: force as proven, both attributes; named values of the first are replaced."""
        force: dict[str, Any] = {
            "control": "parameter",
            "parameter": self.parameters["Force"],
            "unit": "kN",
            "acceptable_low": "10.0",
            "normal_low": "10.5",
            "set_point": "11.0",
            "normal_high": "11.5",
            "acceptable_high": "12.0",
            "proof": space.box if space else None,
        }
        return [
            {**force, **changed},
            {"control": "in_process", "attribute": self.attributes["Hardness"]},
            {"control": "release", "attribute": self.attributes["Dissolution"]},
        ]

    def effective(self, lines: list[dict[str, Any]], supersedes: ControlStrategy | None = None) -> ControlStrategy:
        """Return an effective strategy of these lines."""
        made = strategies.draft_strategy(
            self.engineer, self.program, title="Compression", lines=lines, supersedes=supersedes
        )
        strategies.approve_strategy(self.lead, made, credentials=self.sign(self.lead))
        return strategies.release_strategy(self.qa, made, effective_from=self.today, credentials=self.sign(self.qa))


def seen(settings: dict[str, str], number: int) -> dict[str, str]:
    """Return what a run of these settings shows."""
    x, y = (float(settings["Force"]) - 12) / 4, (float(settings["Time"]) - 4) / 2
    wobble = ((number * 7) % 5 - 2) / 4
    return {
        "Hardness": f"{80 + 10 * x - 2 * y - 2 * x * x + wobble:.2f}",
        "Dissolution": f"{91 - 3 * x - 2 * y + 0.5 * x * y - wobble:.2f}",
    }


def make() -> Desk:
    """Set up the people and the parts."""
    program = factories.program()
    people = {
        name: factories.person(role, program)
        for name, role in (
            ("engineer", Role.PROCESS_ENGINEER), ("colleague", Role.PROCESS_ENGINEER), ("lead", Role.PROCESS_LEAD),
            ("qa", Role.QA), ("sponsor", Role.SPONSOR_LEAD),
        )
    }  # fmt: skip
    for one in (people["lead"], people["qa"], people["engineer"]):
        Login.objects.filter(person=one).update(password=known_password())
    engineer = people["engineer"]
    element = profile.add_element(
        engineer, program, name="Rapid release", target="As phase II", source="Bioavailability of phase II"
    )
    attributes = {
        name: profile.add_attribute(
            engineer, element, name=name, unit=unit, criterion=criterion, severity=8, justification="Exposure"
        )
        for name, unit, criterion in (("Hardness", "N", "65 – 95"), ("Dissolution", "%", "≥ 85.0"))
    }
    parameters = {}
    for operation, name, unit, low, high in (
        ("Compression", "Force", "kN", "4", "24"),
        ("Lubrication", "Time", "min", "1", "10"),
        ("Blending", "Speed", "/min", "6", "20"),
    ):
        made = profile.add_operation(engineer, program, name=operation)
        parameters[name] = profile.add_parameter(engineer, made, name=name, unit=unit, low=low, high=high)
    today = dt.datetime.now(dt.UTC).date()
    return Desk(program, **people, today=today, element=element, attributes=attributes, parameters=parameters)
