"""The out-of-specification investigation. Its phases cannot be skipped, averaged away or retested around.

| from | verb | to | needs |
|---|---|---|---|
| Ia | check_laboratory | Ia | a supervisor, not the analyst; the whole checklist |
| Ia | go_on | Ib | the checklist, without assignable cause |
| Ib | test_hypothesis | Ib | |
| Ia, Ib | propose_retest, approve_retest | same; test → to be retested | number fixed and signed by QA before the first |
| Ia, Ib, II | withdraw_retest | same | a reason; the plan is not approved yet |
| Ib | go_on | II | a hypothesis tested, without assignable cause |
| II | review_manufacturing | II | QA |
| Ia, Ib, II | conclude | concluded | evidence for the outcome, signed by QA |

Source: FDA, Investigating Out-of-Specification (OOS) Test Results for Pharmaceutical Production, Rev. 1, May 2022.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from crdmo.common.codes import next_code
from crdmo.common.materials.models import Sample
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign

from ..models import Criterion, Investigation, InvestigationStep, Result, RetestPlan, Test
from .desks import Seen

SUPERVISORS = (Role.SUPERVISOR, Role.QA)
DAYS_TO_CONCLUDE = 30
CHECKLIST = (
    "The analyst knows the method and followed it",
    "Raw data, chromatograms and calculations were looked through",
    "Instruments performed as they should, calibration in date",
    "Standards, reagents and solvents were the right ones and in date",
    "Sample preparation, weights and dilutions are right",
    "The retained preparations were looked at before anything was discarded",
)
Phase, Outcome, Step = Investigation.Phase, Investigation.Outcome, InvestigationStep.Kind
NEXT = {Phase.IA: Phase.IB, Phase.IB: Phase.II}
NEEDED_TO_GO_ON = {Phase.IA: Step.CHECKLIST, Phase.IB: Step.HYPOTHESIS}


def next_round(test: Test, person: Person, readings: int) -> int:
    """Return the round that an entry of readings belongs to: 0 for the original, then one for each planned retest.

    Raises:
        Refused: no approved plan allows another retest, or this person may not do it.
    """
    wanted = readings_wanted(test)
    if readings != wanted:
        raise Invalid(
            f"{test.criterion.method.code} takes {wanted} readings{' now' if test.state == Test.State.NEXT_STAGE else ''}",
            errors={"values": "wrong number"},
            given=str(readings),
            allowed=str(wanted),
        )
    if test.state == Test.State.ASSIGNED:
        return 0
    original = test.results.filter(round=0, is_void=False).first()
    if test.state == Test.State.NEXT_STAGE:
        turn = _latest(test).round
        _second_analyst(turn, original, person)
        return turn
    plan = approved_plan(test)
    done = retests(test)
    if done >= plan.replicates:
        raise Refused(
            "all planned retests are done", given=f"{done} of {plan.replicates}", next="Conclude the investigation"
        )
    _second_analyst(done + 1, original, person)
    return done + 1


def _second_analyst(turn: int, original: Result | None, person: Person) -> None:
    if turn and original is not None and original.entered_by_id == person.id:
        raise Refused(
            "a retest is done by a second analyst", given=person.printed_name, allowed="a qualified colleague"
        )


def readings_wanted(test: Test) -> int:
    """Return how many readings a test takes now: as its method says, or as many units as its next stage asks for."""
    if test.criterion.acceptance == Criterion.Acceptance.LIMIT or test.state != Test.State.NEXT_STAGE:
        return test.criterion.method.replicates
    computed = _latest(test).computed
    assert computed is not None
    return int(computed.output["next_units"])


def _latest(test: Test) -> Result:
    found = test.results.filter(is_void=False).select_related("computed").order_by("round", "replicate").last()
    assert found is not None
    return found


def approved_plan(test: Test) -> RetestPlan:
    """Return the signed plan under which a test is retested.

    Raises:
        Refused: there is none.
    """
    plan = RetestPlan.objects.filter(investigation__test=test, state="approved", is_void=False).first()
    if plan is None:
        raise Refused(
            f"{test} may not be retested",
            allowed="a retest plan signed before the first retest",
            next="Propose a plan in the investigation; QA approves it",
        )
    return plan


def retests(test: Test) -> int:
    """Return how many rounds of retests have results."""
    return test.results.filter(round__gt=0, is_void=False).values("round").distinct().count()


def after_verification(act: Act, test: Test) -> None:
    """Move a test on once its latest results are verified: verified, next stage, next retest, or an investigation."""
    results = list(test.results.filter(is_void=False))
    if any(r.state in (Result.State.ENTERED, Result.State.RETURNED) for r in results):
        return
    if _latest(test).passes is None:
        act.change(test, state=Test.State.NEXT_STAGE)
        return
    if test.investigations.filter(outcome=Outcome.OPEN, is_void=False).exists():
        plan = RetestPlan.objects.filter(investigation__test=test, state="approved", is_void=False).first()
        complete = plan is None or retests(test) >= plan.replicates
        if plan is not None and complete:
            act.change(plan, state="done")
        act.change(test, state=Test.State.INVESTIGATION if complete else Test.State.RETEST)
        return
    looked_into = set(test.investigations.filter(is_void=False).values_list("result_id", flat=True))
    failed = [r for r in results if r.fails and r.state == Result.State.VERIFIED and r.id not in looked_into]
    if failed:
        _open(act, test, failed[0])
        return
    act.change(test, state=Test.State.VERIFIED)
    settle_sample(act, test.sample)


def settle_sample(act: Act, sample: Sample) -> None:
    """Move a sample to verified once all its tests are."""
    states = set(sample.tests.filter(is_void=False).values_list("state", flat=True))
    if states and states <= {Test.State.VERIFIED, Test.State.CANCELLED} and sample.state == Sample.State.ASSIGNED:
        act.change(sample, state=Sample.State.VERIFIED)


def _open(act: Act, test: Test, result: Result) -> Investigation:
    assert test.program is not None
    opened = act.create(
        Investigation,
        program=test.program,
        code=next_code(act, Investigation, "OOS", test.program),
        test=test,
        result=result,
        lot=test.sample.lot,
        opened=act.now,
        due_on=act.now.date() + dt.timedelta(days=DAYS_TO_CONCLUDE),
    )
    act.change(test, state=Test.State.INVESTIGATION)
    return opened


def _in(investigation: Investigation, *phases: str) -> None:
    if investigation.phase not in phases:
        raise Refused(
            f"{investigation} is in another phase",
            given=investigation.get_phase_display(),
            allowed=", ".join(Phase(p).label for p in phases),
        )


def _finding(
    act: Act, investigation: Investigation, kind: str, text: str, cause: bool, answers: dict[str, Any]
) -> InvestigationStep:
    if not text.strip():
        raise Invalid("say what was found", errors={"text": "needed"})
    if str(investigation.result.entered_by_id) == act.actor.actor_id:
        raise Refused("the analyst does not investigate the own result", next="The supervisor or QA does")
    return act.create(
        InvestigationStep,
        program=investigation.program,
        investigation=investigation,
        phase=investigation.phase,
        kind=kind,
        text=text,
        assignable_cause=cause,
        answers=answers,
    )


@verb("quality.check_laboratory", "go through the laboratory checklist", roles=SUPERVISORS)
def check_laboratory(
    act: Act, investigation: Investigation, *, answers: dict[str, str], text: str, assignable_cause: bool = False
) -> InvestigationStep:
    """Phase Ia: answer every line of the checklist before any preparation is discarded."""
    _in(investigation, Phase.IA)
    open_lines = [line for line in CHECKLIST if not answers.get(line, "").strip()]
    if open_lines or set(answers) - set(CHECKLIST):
        raise Invalid("every line of the checklist is answered", errors={line: "not answered" for line in open_lines})
    return _finding(act, investigation, Step.CHECKLIST, text, assignable_cause, answers)


@verb("quality.test_hypothesis", "test a hypothesis", roles=SUPERVISORS)
def test_hypothesis(
    act: Act, investigation: Investigation, *, hypothesis: str, text: str, assignable_cause: bool = False
) -> InvestigationStep:
    """Phase Ib: what was tried on the retained preparations, and what it showed. Such results never replace the original."""
    _in(investigation, Phase.IB)
    return _finding(act, investigation, Step.HYPOTHESIS, text, assignable_cause, {"hypothesis": hypothesis})


@verb("quality.review_manufacturing", "review manufacture in an investigation", roles=(Role.QA,))
def review_manufacturing(act: Act, investigation: Investigation, *, text: str, batches: str = "") -> InvestigationStep:
    """Phase II: what manufacture shows, and which other batches are touched."""
    _in(investigation, Phase.II)
    return _finding(act, investigation, Step.MANUFACTURING, text, False, {"other_batches": batches})


def may_go_on(investigation: Investigation, findings: Sequence[InvestigationStep]) -> bool:
    """Say whether the phase is done and found no assignable cause, so that the next one can be opened."""
    own = [step for step in findings if step.phase == investigation.phase]
    needed = NEEDED_TO_GO_ON.get(Phase(investigation.phase))
    return (
        needed is not None
        and any(step.kind == needed for step in own)
        and not any(step.assignable_cause for step in own)
    )


@verb("quality.go_on", "take an investigation to its next phase", roles=SUPERVISORS)
def go_on(act: Act, investigation: Investigation) -> Investigation:
    """Go on to the next phase, once this one is done and has found no assignable cause."""
    _in(investigation, Phase.IA, Phase.IB)
    phase = Phase(investigation.phase)
    needed = NEEDED_TO_GO_ON[phase]
    found = investigation.findings.filter(phase=phase, is_void=False)
    if not found.filter(kind=needed).exists():
        raise Refused(f"{phase.label} is not done", allowed=f"first: {Step(needed).label.lower()}")
    if found.filter(assignable_cause=True).exists():
        raise Refused("an assignable cause was found", next="Conclude the investigation on it")
    return act.change(investigation, phase=NEXT[phase])


@verb("quality.propose_retest", "propose a retest plan", roles=SUPERVISORS)
def propose_retest(
    act: Act,
    investigation: Investigation,
    *,
    replicates: int,
    rationale: str,
    resample: bool = False,
    sample: Sample | None = None,
    evidence: str = "",
) -> RetestPlan:
    """Fix the number of retests in advance. A new sample is taken only on evidence that the original was not representative."""
    _in(investigation, Phase.IA, Phase.IB, Phase.II)
    if not investigation.findings.filter(kind=Step.CHECKLIST, is_void=False).exists():
        raise Refused("no retest before the laboratory checklist", next="Go through the checklist first")
    if investigation.plans.filter(is_void=False).exists():
        raise Refused("this investigation has its retest plan", next="The number of retests is decided once")
    if not 1 <= replicates <= 12 or not rationale.strip():
        raise Invalid(
            "a plan has one to twelve retests and a rationale", errors={"replicates": "1 to 12"}, given=str(replicates)
        )
    if resample and not evidence.strip():
        raise Refused(
            "resampling needs evidence that the sample was not representative",
            next="Write it down, or retest the sample",
        )
    if resample:
        _finding(act, investigation, Step.RESAMPLE, evidence, False, {})
    return act.create(
        RetestPlan,
        program=investigation.program,
        investigation=investigation,
        replicates=replicates,
        sample=sample or investigation.test.sample,
        rationale=rationale,
        resample=resample,
    )


@verb("quality.withdraw_retest", "withdraw a retest plan that is not approved", roles=SUPERVISORS)
def withdraw_retest(act: Act, plan: RetestPlan) -> RetestPlan:
    """Withdraw a proposed plan with a reason, so that another can be proposed. It stays readable, and void."""
    if plan.state != "proposed":
        raise Refused(
            f"{plan} is decided",
            given=plan.get_state_display(),
            allowed="Proposed",
            next="An approved plan is carried out whole",
        )
    return act.void(plan)


@verb("quality.approve_retest", "approve a retest plan", roles=(Role.QA,), signs=Meaning.APPROVED)
def approve_retest(act: Act, plan: RetestPlan, *, credentials: Credentials, seen: Seen | None = None) -> RetestPlan:
    """Approve the plan by signature; only now may the test be retested."""
    if plan.state != "proposed":
        raise Refused(f"{plan} is decided", given=plan.get_state_display())
    act.change(plan, state="approved")
    sign(act, [plan], Meaning.APPROVED, credentials, seen=seen)
    act.change(plan.investigation.test, state=Test.State.RETEST)
    return plan


@verb("quality.conclude_investigation", "conclude an investigation", roles=(Role.QA,), signs=Meaning.APPROVED)
def conclude(
    act: Act,
    investigation: Investigation,
    *,
    outcome: str,
    text: str,
    credentials: Credentials,
    seen: Seen | None = None,
) -> Investigation:
    """Conclude by signature. The original result stays on every certificate and in every data pack, whatever the outcome."""
    _in(investigation, Phase.IA, Phase.IB, Phase.II)
    plan = investigation.plans.filter(is_void=False).first()
    if plan is not None and plan.state != "done":
        raise Refused(
            "the planned retests are not all verified", given=plan.get_state_display(), next="Finish the plan first"
        )
    passed = (
        plan is not None and not investigation.test.results.filter(round__gt=0, passes=False, is_void=False).exists()
    )
    _evidence(investigation, outcome, plan, passed)
    _finding(act, investigation, Step.CONCLUSION, text, outcome == Outcome.LABORATORY_ERROR, {"outcome": outcome})
    test = investigation.test
    if outcome == Outcome.LABORATORY_ERROR:
        for result in test.results.filter(round=0, is_void=False):
            act.change(result, state=Result.State.INVALIDATED)
    act.change(investigation, phase=Phase.CONCLUDED, outcome=outcome)
    good = outcome != Outcome.CONFIRMED and passed
    act.change(test, state=Test.State.VERIFIED if good else Test.State.CONFIRMED)
    settle_sample(act, test.sample)
    sign(act, [investigation], Meaning.APPROVED, credentials, seen=seen)
    return investigation


def _evidence(investigation: Investigation, outcome: str, plan: RetestPlan | None, passed: bool) -> None:
    """Refuse an outcome for which the record shows no evidence."""
    found = investigation.findings.filter(is_void=False)
    if outcome == Outcome.LABORATORY_ERROR:
        if not found.filter(assignable_cause=True).exists():
            raise Refused("no assignable cause is on record", next="An original is invalidated on evidence only")
        if plan is None:
            raise Refused(
                "an invalidated result is replaced by planned retests", next="Propose and approve a retest plan"
            )
    elif outcome == Outcome.NOT_CONFIRMED:
        if investigation.phase != Phase.II or not found.filter(kind=Step.MANUFACTURING).exists():
            raise Refused(
                "without assignable cause the investigation goes through phase II",
                given=investigation.get_phase_display(),
            )
        if not passed:
            raise Refused(
                "a retest is out of specification too, or none was done", allowed="Out of specification confirmed"
            )
    elif outcome == Outcome.CONFIRMED:
        if not found.filter(kind=Step.CHECKLIST).exists():
            raise Refused("phase Ia is not done", allowed="first: laboratory checklist")
    else:
        raise Invalid(
            "an investigation ends with an outcome",
            errors={"outcome": "not one of them"},
            given=outcome,
            allowed=", ".join(label for _, label in Outcome.choices[1:]),
        )
