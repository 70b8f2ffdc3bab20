"""The words of the clinical study report, made from the records: nothing in it is typed again but the conclusion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from crdmo.common.studies.models import Allocation, Event, Study, Subject
from crdmo.science.clinical.p_values import p_words
from crdmo.science.method import from_json

from .models import DatabaseLock, TrialAnalysis, Unblinding


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a table in Markdown; a bar within a cell is written as a slash."""
    lines = [list(heads), *([str(cell) for cell in row] for row in rows)]
    plain = [[cell.replace("|", "/").replace("\n", " ") or "–" for cell in line] for line in lines]
    rule = "|" + " --- |" * len(heads)
    return "\n".join([f"| {' | '.join(plain[0])} |", rule, *(f"| {' | '.join(line)} |" for line in plain[1:])])


def report_text(study: Study, analyses: Sequence[TrialAnalysis], conclusion: str) -> str:
    """Return the report in the order of ICH E3: design, subjects, efficacy, safety, conclusion."""
    arms = {one.subject_id: one.arm.name for one in _allocations(study)}
    subjects = list(study.subjects.filter(is_void=False).order_by("code"))
    pieces = [
        f"{study.title}. Phase {study.phase}, {study.indication}, {study.get_blinding_display().lower()}.",
        "# Conduct",
        _conduct(study),
        "# Disposition of subjects",
        _disposition(subjects, arms),
        "# Efficacy",
        *(_analysis(one) for one in analyses),
        "# Safety",
        _safety(study, arms),
        "# Conclusion",
        conclusion,
    ]
    return "\n\n".join(pieces)


def _allocations(study: Study) -> list[Allocation]:
    return list(Allocation.objects.filter(study=study, is_void=False).select_related("arm"))


def _conduct(study: Study) -> str:
    lock = DatabaseLock.objects.filter(study=study, is_void=False).get()
    broken = Unblinding.objects.filter(study=study, is_void=False).count()
    counts = lock.counts
    return (
        f"The database was locked on {lock.at:%Y-%m-%d} with {counts['subjects']} subjects, {counts['pages']} pages, "
        f"{counts['queries']} queries (all closed) and {counts['events']} adverse events. "
        f"The code of {broken} {'subject was' if broken == 1 else 'subjects was'} broken before."
    )


def _disposition(subjects: Sequence[Subject], arms: dict[Any, str]) -> str:
    names = sorted(set(arms.values()))
    counted = Counter((arms.get(one.pk, "Not randomised"), one.get_state_display()) for one in subjects)
    states = sorted({state for _, state in counted})
    rows = [[name, *(counted[name, state] for state in states)] for name in [*names, "Not randomised"]]
    return table(("Arm", *states), rows)


def _analysis(one: TrialAnalysis) -> str:
    found = from_json(one.result.method, one.result.output)
    out = f"Left out: {', '.join(one.excluded)}." if one.excluded else "No subject was left out."
    body = _ancova(found) if one.kind == TrialAnalysis.Kind.PRIMARY else _survival(found)
    return f"## {one.title}\n\n{body}\n\n{out} Method: {one.result.method} {one.result.method_version}."


def _ancova(found: Any) -> str:
    means = [
        (m.arm, m.subjects, f"{m.estimate:.3f}", f"{m.standard_error:.3f}", f"{m.lower:.3f} to {m.upper:.3f}")
        for m in found.means
    ]
    gaps = [
        (f"{d.arm} − {d.reference}", f"{d.estimate:.3f}", f"{d.lower:.3f} to {d.upper:.3f}", p_words(d.p_value))
        for d in found.differences
    ]
    level = f"{found.confidence * 100:g} % interval"
    first = table(("Arm", "n", "Least-squares mean", "Standard error", level), means)
    return first + "\n\n" + table(("Difference", "Estimate", level, "p"), gaps)


def _survival(found: Any) -> str:
    rows = [
        (a.arm, a.subjects, a.events, "not reached" if a.estimate.median is None else f"{a.estimate.median:g}")
        for a in found.arms
    ]
    test = found.test
    said = f"Log-rank chi-square {test.chi_square:.3f}, {p_words(test.p_value)}."
    return table(("Arm", "n", "With event", "Median time"), rows) + f"\n\n{said}"


def _safety(study: Study, arms: dict[Any, str]) -> str:
    events = list(Event.objects.filter(study=study, domain="AE", is_void=False).select_related("subject"))
    rows = []
    for name in sorted(set(arms.values())):
        mine = [one for one in events if arms.get(one.subject_id) == name]
        serious = [one for one in mine if one.serious == "Y"]
        treated = sum(arm == name for arm in arms.values())
        rows.append((name, treated, len({one.subject_id for one in mine}), len(mine), len(serious)))
    return table(("Arm", "Subjects", "Subjects with events", "Events", "Serious"), rows)
