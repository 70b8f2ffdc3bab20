"""The part of process development in the demo: profile, risk, a designed study, its design space, the control strategy.

The responses are computed from known coefficients with seeded noise; they simulate a direct-compression process and are
no data of a real product.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.signing import Credentials

from .models import ControlStrategy, DesignSpace, Parameter, RiskAssessment, Study
from .workflow import analysis, profile, risk, strategies, studies


@dataclass(frozen=True)
class Staff:
    """Who plays which part, and how they sign."""

    engineer: Person
    lead: Person
    qa: Person
    sign: Callable[[str], Credentials]


@dataclass(frozen=True)
class Played:
    """What was made."""

    study: Study
    space: DesignSpace
    strategy: ControlStrategy


PROFILE = (
    ("Dosage form", "Immediate-release tablet, 20 mg, 100 mg mass", "Clinical supply agreement"),
    ("Release in the stomach", "Rapid dissolution, as the phase II tablet", "Bioavailability of phase II"),
    ("Withstands packing", "No broken tablets in the bottle line", "Packaging requirement of the sponsor"),
    ("Dose of each tablet", "Uniform dose", "Ph. Eur. 2.9.40"),
)
ATTRIBUTES = (
    ("Dissolution at 30 min", 1, "%", "≥ 85.0", 8, "Slow release lowers exposure"),
    ("Hardness", 2, "N", "60 – 100", 7, "Soft tablets break, hard ones dissolve slowly"),
    ("Content uniformity", 3, "%", "≤ 15.0", 9, "A wrong dose harms the patient directly"),
)
OPERATIONS = (
    ("Blending", (("Blend time", "min", "5", "30"),)),
    ("Lubrication", (("Lubrication time", "min", "1.0", "8.0"),)),
    ("Compression", (("Main compression force", "kN", "4.0", "24.0"), ("Press speed", "/min", "20", "80"))),
)
# parameter, attribute, how it fails, occurrence and detectability before and after the study
RISKS = (
    ("Main compression force", "Dissolution at 30 min", "Too high: pores close, water enters slowly", (6, 6), (3, 3)),
    ("Main compression force", "Hardness", "Too low: soft; too high: beyond 100 N", (7, 4), (3, 3)),
    ("Lubrication time", "Dissolution at 30 min", "Too long: a film of stearate repels water", (6, 7), (2, 4)),
    ("Lubrication time", "Hardness", "Too long: bonds between particles weaken", (5, 5), (2, 4)),
    ("Blend time", "Content uniformity", "Too short: drug substance is not spread", (5, 6), (3, 4)),
    ("Press speed", "Hardness", "Too fast: dwell time is short", (4, 5), (3, 4)),
)
FACTORS = (("Main compression force", "8", "16"), ("Lubrication time", "2.0", "5.0"), ("Press speed", "30", "60"))
# Coded coefficients: constant, force, lubrication, speed, their interactions, their squares; and the noise of one run.
TRUTH = {
    "Dissolution at 30 min": ((91.5, -3.2, -2.1, 0.3, -0.7, 0.1, 0.0, -1.3, -0.4, 0.1), 0.7),
    "Hardness": ((82.0, 11.5, -4.2, -2.2, -0.6, 0.4, 0.1, -2.4, -0.5, 0.2), 1.5),
}
SEED = 20260301


def play(staff: Staff, program: Program, today: dt.date) -> Played:
    """Play process development from the profile to the effective control strategy."""
    parts = _profile(staff, program)
    first = _assess(staff, program, parts, before=True, supersedes=None)
    study = _study(staff, program, parts)
    space = _space(staff, study)
    _assess(staff, program, parts, before=False, supersedes=first, evidence=space)
    return Played(study, space, _strategy(staff, program, parts, space, today))


Parts = Mapping[str, Any]


def _profile(staff: Staff, program: Program) -> Parts:
    made: dict[str, Any] = {}
    elements = [
        profile.add_element(staff.engineer, program, name=name, target=target, source=source)
        for name, target, source in PROFILE
    ]
    for name, element, unit, criterion, severity, why in ATTRIBUTES:
        made[name] = profile.add_attribute(
            staff.engineer, elements[element], name=name, unit=unit, criterion=criterion, severity=severity,
            justification=why,
        )  # fmt: skip
    for name, parameters in OPERATIONS:
        operation = profile.add_operation(staff.engineer, program, name=name)
        for own, unit, low, high in parameters:
            made[own] = profile.add_parameter(staff.engineer, operation, name=own, unit=unit, low=low, high=high)
    return made


def _assess(
    staff: Staff,
    program: Program,
    parts: Parts,
    *,
    before: bool,
    supersedes: RiskAssessment | None,
    evidence: DesignSpace | None = None,
) -> RiskAssessment:
    lines = []
    for parameter, attribute, failure, first, then in RISKS:
        scores = first if before else then
        studied = evidence is not None and any(parameter == name for name, _, _ in FACTORS)
        lines.append(
            {
                "parameter": parts[parameter],
                "attribute": parts[attribute],
                "failure": failure,
                "severity": parts[attribute].severity,
                "occurrence": scores[0],
                "detectability": scores[1],
                "justification": "Prior knowledge of direct compression"
                if before
                else "Range proven by the study, controlled in process"
                if studied
                else "In-process control of the batch record",
                "evidence": evidence.box if studied and evidence else None,
            }
        )
    title = "Compression of Velatide tablets, " + ("before the study" if before else "after the study")
    made = risk.draft_risk(staff.engineer, program, title=title, lines=lines, supersedes=supersedes)
    return risk.approve_risk(staff.lead, made, credentials=staff.sign("lead"))


def _study(staff: Staff, program: Program, parts: Parts) -> Study:
    study = studies.draft_study(
        staff.engineer,
        program,
        title="Compression and lubrication, face-centred",
        objective="Where dissolution and hardness both hold. Responses are simulated: known coefficients, seeded noise.",
        kind="process.central_composite",
        parameters={"shape": "face", "centre_points": 6},
        seed=SEED,
        factors=[{"parameter": parts[name], "low": low, "high": high} for name, low, high in FACTORS],
        responses=[parts[name] for name in TRUTH],
    )
    studies.start_study(staff.engineer, study)
    rows = [{"run": run.order, "values": simulated(run.planned, run.order)} for run in study.runs.order_by("order")]
    return studies.record_runs(staff.engineer, study, rows)


def simulated(settings: Mapping[str, str], number: int) -> dict[str, str]:
    """Return the responses of a run: the known surface at its settings, and noise that its number seeds."""
    z = [
        (float(settings[name]) - (float(low) + float(high)) / 2) / ((float(high) - float(low)) / 2)
        for name, low, high in FACTORS
    ]
    terms = [1.0, *z, z[0] * z[1], z[0] * z[2], z[1] * z[2], *(v * v for v in z)]
    found = {}
    for name, (coefficients, noise) in TRUTH.items():
        drawn = random.Random(f"{SEED} {name} {number}").gauss(0.0, noise)  # noqa: S311 — a simulation, no secret
        found[name] = f"{sum(c * t for c, t in zip(coefficients, terms, strict=True)) + drawn:.1f}"
    return found


def _space(staff: Staff, study: Study) -> DesignSpace:
    for model in analysis.analyse_study(staff.engineer, study):
        fit = model.computed.output
        analysis.judge_model(
            staff.lead,
            model,
            accept=True,
            reason=f"Lack of fit p {fit['lack_of_fit_p']:.2f}, predicted R² {fit['predicted_r_squared']:.2f}, no pattern "
            "in the residuals",
        )
    x, y = FACTORS[0][0], FACTORS[1][0]
    return analysis.find_design_space(staff.engineer, study, x=x, y=y, reliability="0.90", seed=SEED)


def _strategy(staff: Staff, program: Program, parts: Parts, space: DesignSpace, today: dt.date) -> ControlStrategy:
    ranges = {one["name"]: one for one in space.box.output["ranges"]}
    lines: list[dict[str, Any]] = [_range(parts[name], ranges[name], space) for name, _, _ in FACTORS]
    known = {
        "acceptable_low": "12",
        "normal_low": "14",
        "set_point": "15",
        "normal_high": "16",
        "acceptable_high": "20",
    }
    lines.append(
        {
            "control": "parameter",
            "parameter": parts["Blend time"],
            "unit": "min",
            **known,
            "justification": "Prior knowledge: uniform from 12 min on in three development batches",
        }
    )
    for name, control in (
        ("Hardness", "in_process"),
        ("Dissolution at 30 min", "release"),
        ("Content uniformity", "release"),
    ):
        lines.append({"control": control, "attribute": parts[name]})
    made = strategies.draft_strategy(staff.engineer, program, title="Control strategy of Velatide tablets", lines=lines)
    strategies.approve_strategy(staff.lead, made, credentials=staff.sign("lead"))
    return strategies.release_strategy(staff.qa, made, effective_from=today, credentials=staff.sign("qa"))


def _range(parameter: Parameter, proven: Mapping[str, Any], space: DesignSpace) -> dict[str, Any]:
    """Return the line of a parameter: what is proven, rounded inwards, and the middle half of it as the normal range."""
    low, high = _inwards(proven["low"], up=True), _inwards(proven["high"], up=False)
    middle, quarter = (low + high) / 2, (high - low) / 4
    return {
        "control": "parameter",
        "parameter": parameter,
        "unit": parameter.unit,
        "acceptable_low": f"{low:.1f}",
        "normal_low": f"{middle - quarter:.1f}",
        "set_point": f"{middle:.1f}",
        "normal_high": f"{middle + quarter:.1f}",
        "acceptable_high": f"{high:.1f}",
        "proof": space.box,
    }


def _inwards(value: float, *, up: bool) -> float:
    steps = value * 10
    whole = -int(-steps // 1) if up else int(steps // 1)
    near = round(steps)
    return (near if abs(near - steps) < 1e-6 else whole) / 10


__all__ = ["Played", "Staff", "play"]
