"""The words of a report, made from the records: nothing in it is typed again.

Every number is one of a recorded finding or of a result; the document names both as its sources.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from crdmo.common.studies.models import Event, ProtocolVersion, Study, Subject
from crdmo.foundation.signing import signatures_of
from crdmo.web.components import day_words, unit_words

from . import comparison, toxicokinetics
from .models import Effect, Inspection, Noael, QaStatement
from .queries import groups, mean_and_sd, series

SEX_WORDS = {"M": "males", "F": "females", "B": "both sexes"}


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a table in Markdown; a bar within a cell is written as a slash."""
    lines = [list(heads), *([str(cell) for cell in row] for row in rows)]
    plain = [[cell.replace("|", "/").replace("\n", " ") or "–" for cell in line] for line in lines]
    return "\n".join(
        ["| " + " | ".join(plain[0]) + " |", "|" + " --- |" * len(heads)]
        + ["| " + " | ".join(line) + " |" for line in plain[1:]]
    )


def inspection_lines(rows: Sequence[Inspection]) -> list[dict[str, str]]:
    """Return what the statement says of each inspection."""
    return [
        {
            "code": one.code,
            "phase": one.get_phase_display(),
            "inspected": str(one.on),
            "director": str(one.reported_to_director),
            "management": str(one.reported_to_management),
            "inspector": one.inspector.printed_name,
        }
        for one in rows
    ]


def qa_statement(study: Study, lines: Sequence[dict[str, str]]) -> str:
    """Return the statement of 21 CFR 58.35(b)(7)."""
    rows = [[one["phase"], one["inspected"], one["director"], one["management"]] for one in lines]
    heads = ("Phase inspected", "Inspected on", "Reported to study director", "Reported to management")
    return (
        f"Study {study.code} was inspected by the quality assurance unit on the dates below, and the findings were "
        "reported to the study director and to test facility management on the dates given with them.\n\n"
        + table(heads, rows)
    )


def digits(value: float, count: int = 4) -> str:
    """Return a number to so many significant digits, without exponent.

    >>> digits(27289.6), digits(0.12345), digits(1502.4)
    ('27290', '0.1235', '1502')
    """
    return format(Decimal(f"{value:.{count}g}"), "f")


def _signed(record: Any) -> str:
    return "\n".join(f"- {one.sentence}" for one in signatures_of(record) if one.holds) or "- not signed"


def report_text(study: Study, statement: QaStatement | None, compliance: str) -> str:
    """Return the whole report in Markdown. Without a statement it is the draft that quality assurance audits."""
    pieces = [
        _front(study),
        "# Compliance with good laboratory practice",
        compliance.strip() or "*The statement of the study director follows with the final report.*",
        "# Quality assurance statement",
        f"{statement.text}\n\n{_signed(statement)}" if statement else "*Follows with the final report.*",
        "# Summary",
        _summary(study),
        "# Design",
        _design(study),
        "# Animals",
        _animals(study),
        "# Body weights",
        _weights(study),
        "# Comparison with the control group",
        _comparisons(study),
        "# Toxicokinetics",
        _kinetics(study),
        "# Effects of treatment",
        _effects(study),
        "# Conclusion",
        _conclusion(study),
    ]
    return "\n\n".join(piece for piece in pieces if piece.strip())


def _front(study: Study) -> str:
    rows = [
        ("Study", study.code),
        ("Title", study.title),
        ("Test system", " ".join(filter(None, (study.species, study.strain)))),
        ("Test article", str(study.substance or "–")),
        ("Lot", str(study.lot or "–")),
        ("Sponsor", str(study.program.sponsor) if study.program else "–"),
        ("Study director", study.lead.printed_name if study.lead else "–"),
        ("Study start", str(study.started_on or "–")),
        ("In-life part completed", str(study.completed_on or "–")),
    ]
    return table(("", ""), rows)


def _summary(study: Study) -> str:
    doses = [f"{one.arm.dose or '0'} {unit_words(one.arm.unit)}" for one in groups(study)]
    people = sum(one.males + one.females for one in groups(study))
    found = [f"{study.title}. {people} animals in {len(doses)} groups were given {', '.join(doses)}."]
    found += [_noael_words(one) for one in study.noaels.filter(is_void=False).select_related("arm")]
    return " ".join(found)


def _noael_words(one: Noael) -> str:
    return f"The no-observed-adverse-effect level in {SEX_WORDS[one.sex]} is {one.dose} {unit_words(one.unit)} ({one.arm.name})."


def _design(study: Study) -> str:
    rows = [
        (one.arm.code, one.arm.name, f"{one.arm.dose or '0'} {unit_words(one.arm.unit)}", one.males, one.females)
        for one in groups(study)
    ]
    made = table(("Group", "Name", "Dose", "Males", "Females"), rows)
    versions = study.protocols.filter(is_void=False).order_by("number")
    return f"{made}\n\n{_protocols(versions)}"


def _protocols(versions: Iterable[ProtocolVersion]) -> str:
    rows = []
    for one in versions:
        signed = "; ".join(f"{m.meaning_label} {m.printed_name} {day_words(m.signed_at)}" for m in signatures_of(one))
        name = "Protocol" if one.number == 1 else f"Amendment {one.number - 1}"
        changed = ", ".join(f"{c['what']} {c['kind']} {c.get('name') or c.get('visit', '')}" for c in one.changes[:12])
        rows.append((name, str(one.effective_on or "–"), one.reason or "–", changed or "–", signed or "–"))
    return table(("Version", "In force from", "Reason", "Changes", "Signed"), rows)


def _animals(study: Study) -> str:
    ends = Event.objects.filter(study=study, domain="DS", is_void=False).select_related("subject")
    early = [one for one in ends if one.subject.state in (Subject.State.DEAD, Subject.State.WITHDRAWN)]
    if not early:
        return "All animals survived to their scheduled end."
    rows = [(one.subject.code, one.term, one.starts, str(one.study_day or "–")) for one in early]
    return table(("Animal", "How it left the study", "On", "Study day"), rows)


def _weights(study: Study) -> str:
    pieces = []
    for found in series(study, "BW", "BW"):
        rows = []
        for code, by_day in found.values.items():
            cells = []
            for day in found.days:
                values = [float(one.number) for _, one in by_day.get(day, [])]
                mean, sd = mean_and_sd(values) if values else (None, None)
                cells.append(
                    "–"
                    if mean is None
                    else f"{mean:.1f} ± {sd:.1f} ({len(values)})"
                    if sd is not None
                    else f"{mean:.1f}"
                )
            rows.append((code, *cells))
        heads = ("Group", *(f"Day {day}" for day in found.days))
        pieces.append(
            f"Mean ± standard deviation (number), {SEX_WORDS[found.sex]}, {unit_words(found.unit)}\n\n{table(heads, rows)}"
        )
    return "\n\n".join(pieces) or "No body weights are recorded."


def _comparisons(study: Study) -> str:
    pieces = []
    for one in comparison.lines(study):
        rows = [
            (
                line["arm"],
                line["n"],
                digits(line["mean"]),
                digits(line["sd"], 3),
                "–" if line["p"] is None else comparison.p_words(line["p"]),
            )
            for line in one["groups"]
        ]
        pieces.append(
            f"{one['title']}, {unit_words(one['unit'])}\n\n{table(('Group', 'n', 'Mean', 'SD', 'Dunnett p'), rows)}"
        )
    return "\n\n".join(pieces) or "No comparison was computed."


def _kinetics(study: Study) -> str:
    rows = [
        (
            one["visit"],
            one["arm"],
            SEX_WORDS[one["sex"]],
            one["n"],
            digits(one["cmax"]),
            digits(one["tmax"], 3),
            digits(one["auc"]),
        )
        for one in toxicokinetics.means(study)
    ]
    if not rows:
        return "No toxicokinetics were computed."
    words = toxicokinetics.units(study)
    heads = ("Day", "Group", "Sex", "n", f"Cmax, {words['cmax']}", "Tmax (median), h", f"AUClast, {words['auc']}")
    return table(heads, rows)


def _effects(study: Study) -> str:
    rows = Effect.objects.filter(study=study, is_void=False).select_related("arm").order_by("arm__position", "entry")
    told = [
        (
            one.arm.name,
            SEX_WORDS[one.sex],
            one.title,
            "adverse" if one.is_adverse else "not adverse",
            one.judgement,
            len(one.sources),
        )
        for one in rows
    ]
    return table(("Group", "Sex", "Effect", "Judged", "Why", "Evidence"), told) if told else "None is judged."


def _conclusion(study: Study) -> str:
    pieces = []
    for one in study.noaels.filter(is_void=False).select_related("arm"):
        pieces.append(f"**{_noael_words(one)}** {one.rationale}")
        pieces.append(_signed(one))
        exposure = [
            f"{line['visit']}, {SEX_WORDS[line['sex']]}: AUClast {digits(line['auc'])}, Cmax {digits(line['cmax'])}"
            for line in one.exposure
        ]
        if exposure:
            pieces.append("Mean exposure at this dose: " + "; ".join(exposure) + ".")
    return "\n\n".join(pieces) or "No conclusion is signed."


def amended(text: str, number: int, part: str, reason: str, new: str) -> str:
    """Return a report with an amendment behind it; the report before it stays as it was signed."""
    return (
        f"{text}\n\n# Amendment {number}\n\n**Part amended:** {part.strip()}\n\n**Reason:** {reason}\n\n{new.strip()}"
    )
