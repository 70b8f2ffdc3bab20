"""What waits in quality control, by who may do it."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse

from crdmo.common.materials.models import Lot, Sample
from crdmo.common.work import Item, provides
from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts.models import Person, Program

from .gates import gates_of
from .models import (
    WAITING,
    Certificate,
    Investigation,
    Protocol,
    Pull,
    Result,
    RetestPlan,
    ShelfLife,
    Specification,
    Test,
)

MOST = 50


@provides("quality")
def work(person: Person, program: Program) -> Iterator[Item]:
    """Yield what this person can do next in the quality control of a program."""
    allowed = authority.allowed(person, "quality.", program.id)
    yield from _bench(person, program, allowed)
    yield from _checks(person, program, allowed)
    yield from _decisions(program, allowed)
    yield from _stability(program, allowed)


def _at(name: str, program: Program, **kwargs: object) -> str:
    return reverse(f"quality:{name}", kwargs={"program": program.code, **kwargs})


def _bench(person: Person, program: Program, allowed: set[str]) -> Iterator[Item]:
    if "quality.enter_results" in allowed:
        tests = Test.objects.filter(program=program, state__in=WAITING, is_void=False).select_related(
            "criterion", "sample"
        )
        for test in (
            tests.exclude(analyst__isnull=False, state__in=(Test.State.ASSIGNED, Test.State.NEXT_STAGE))
            .union(tests.filter(analyst=person))
            .order_by("due_on")[:MOST]
        ):
            yield Item(
                "To test",
                test.criterion.name,
                test.sample.code,
                _at("sample", program, code=test.sample.code),
                program.code,
                test.due_on,
                test.state,
            )
    if "quality.assign_tests" in allowed:
        for sample in Sample.objects.filter(
            program=program, state__in=("registered", "received"), is_void=False
        ).exclude(purpose="retention")[:MOST]:
            word = "receive it" if sample.state == "registered" else "assign its tests"
            yield Item(
                "Samples",
                sample.code,
                word,
                _at("sample", program, code=sample.code),
                program.code,
                sample.due_on,
                sample.state,
            )


def _checks(person: Person, program: Program, allowed: set[str]) -> Iterator[Item]:
    if "quality.verify_results" in allowed:
        waiting = (
            Result.objects.filter(program=program, state="entered", is_void=False)
            .exclude(entered_by=person)
            .exclude(test__analyst=person)
        )
        if count := waiting.count():
            yield Item(
                "To verify",
                f"{count} results",
                "entered by colleagues",
                _at("verify", program),
                program.code,
                None,
                "entered",
            )
    if "quality.check_laboratory" in allowed:
        for found in Investigation.objects.filter(program=program, outcome="open", is_void=False).select_related(
            "test__criterion", "test__sample"
        ):
            yield Item(
                "Investigations",
                found.code,
                str(found.test),
                _at("investigation", program, code=found.code),
                program.code,
                found.due_on,
                found.phase,
            )
    if "quality.approve_retest" in allowed:
        for plan in RetestPlan.objects.filter(program=program, state="proposed", is_void=False).select_related(
            "investigation"
        ):
            url = _at("investigation", program, code=plan.investigation.code)
            yield Item(
                "To sign",
                f"Retest plan of {plan.investigation.code}",
                f"{plan.replicates} retests",
                url,
                program.code,
                None,
                plan.state,
            )


def _decisions(program: Program, allowed: set[str]) -> Iterator[Item]:
    if "quality.approve_specification" in allowed:
        for draft in Specification.objects.filter(program=program, state="draft", is_void=False):
            yield Item(
                "To sign",
                str(draft),
                draft.title,
                _at("specification", program, code=draft.code, number=draft.number),
                program.code,
                None,
                "draft",
            )
    if "quality.sign_certificate" in allowed:
        for certificate in Certificate.objects.filter(program=program, state="draft", is_void=False).select_related(
            "lot"
        ):
            url = _at("certificate", program, code=certificate.code, issue=certificate.issue)
            yield Item("To sign", str(certificate), certificate.lot.code, url, program.code, None, "draft")
    if "quality.release_lot" in allowed or "quality.review_trail" in allowed:
        lots = list(
            Lot.objects.filter(
                program=program, status="quarantine", is_void=False, samples__purpose="release"
            ).distinct()[:MOST]
        )
        gates = gates_of(lots)
        for lot in lots:
            still = [gate.name.lower() for gate in gates[lot.id] if not gate.met]
            detail = "ready" if not still else "missing: " + ", ".join(still)
            yield Item(
                "Lots to decide", lot.code, detail, _at("lot", program, code=lot.code), program.code, None, lot.status
            )


def _stability(program: Program, allowed: set[str]) -> Iterator[Item]:
    if "quality.pull" in allowed:
        for pull in (
            Pull.objects.filter(program=program, state="planned", is_void=False)
            .select_related("study_lot__lot", "study_lot__protocol", "condition")
            .order_by("due_on")[:8]
        ):
            url = _at("protocol", program, code=pull.study_lot.protocol.code)
            yield Item("Pulls", str(pull), str(pull.condition), url, program.code, pull.due_on, pull.state)
    if "quality.approve_protocol" in allowed:
        for protocol in Protocol.objects.filter(program=program, state="draft", is_void=False):
            yield Item(
                "To sign",
                str(protocol),
                protocol.title,
                _at("protocol", program, code=protocol.code),
                program.code,
                None,
                "draft",
            )
    if "quality.approve_shelf_life" in allowed:
        for found in ShelfLife.objects.filter(program=program, state="proposed", is_void=False).select_related(
            "criterion"
        ):
            url = _at("shelf_life", program, code=found.code)
            yield Item(
                "To sign", str(found), f"{found.proposed_months} months proposed", url, program.code, None, "proposed"
            )
