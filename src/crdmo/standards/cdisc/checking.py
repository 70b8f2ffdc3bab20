"""Where a package deviates from a guide: unknown or missing variables, order, labels, types, values, days, subjects."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping

import polars as pl

from crdmo.standards.cdisc.build import Dataset
from crdmo.standards.cdisc.model import Core, Domain, Standard
from crdmo.standards.cdisc.problems import Problem, problems
from crdmo.standards.cdisc.timing import study_days
from crdmo.standards.refusals import Finding, FormatError, Severity

# How far a number may lie from its text, as a share: files are written with a truncated last bit.
SAME = 1e-9
# Number → what it looks at.
CRITERIA = {
    "CDISC-01": "domain of the guide",
    "CDISC-02": "variable of the domain",
    "CDISC-03": "order of variables",
    "CDISC-04": "label",
    "CDISC-05": "type",
    "CDISC-06": "required or expected variable",
    "CDISC-07": "required value",
    "CDISC-08": "unique sequence number",
    "CDISC-09": "length of a text",
    "CDISC-10": "ISO 8601 moment",
    "CDISC-11": "short name",
    "CDISC-12": "study day",
    "CDISC-13": "study and subject",
    "CDISC-14": "name of the data set",
    "CDISC-15": "standardised result as text and as number",
}
_OF_ROWS = {
    "empty": "CDISC-07",
    "sequence": "CDISC-08",
    "length": "CDISC-09",
    "moment": "CDISC-10",
    "short name": "CDISC-11",
}


def check(standard: Standard, datasets: Mapping[str, Dataset]) -> list[Finding]:
    """Return where data sets deviate from a guide; of values the number, the first row and its value."""
    found: list[Finding] = []
    subjects = datasets["DM"].frame if "DM" in datasets else None
    for name, one in datasets.items():
        if one.member.header.name != name:
            found.append(
                _finding(standard, "CDISC-14", name, f"the data set calls itself {one.member.header.name}", warns=True)
            )
        try:
            domain = standard.domain(name)
        except FormatError:
            found.append(
                _finding(standard, "CDISC-01", name, "the guide as it is known here has no such domain", warns=True)
            )
            continue
        found += _header(standard, domain, name, one)
        found += _values(standard, domain, name, one.frame)
        found += _results(standard, domain, name, one.frame)
        found += _days(standard, domain, name, one.frame, subjects)
        found += _members(standard, name, one.frame, subjects)
    return found


def _finding(standard: Standard, criterion: str, place: str, what: str, *, warns: bool = False) -> Finding:
    severity = Severity.WARNING if warns else Severity.ERROR
    return Finding(criterion, severity, place, what, f"{standard.name} {standard.version}, {CRITERIA[criterion]}")


def _header(standard: Standard, domain: Domain, name: str, one: Dataset) -> Iterator[Finding]:
    order = {defined.name: place for place, defined in enumerate(domain.variables)}
    known = [variable for variable in one.member.header.variables if variable.name in order]
    for variable in one.member.header.variables:
        place = f"{name}.{variable.name}"
        defined = domain.variable(variable.name)
        if defined is None:
            yield _finding(standard, "CDISC-02", place, "is no variable of the domain")
            continue
        if variable.label != defined.label:
            yield _finding(
                standard, "CDISC-04", place, f"{variable.label or 'no label'}; the guide: {defined.label}", warns=True
            )
        if variable.is_numeric != defined.is_numeric:
            yield _finding(standard, "CDISC-05", place, f"is a {'number' if variable.is_numeric else 'text'}")
    for before, after in itertools.pairwise(known):
        if order[after.name] < order[before.name]:
            yield _finding(standard, "CDISC-03", f"{name}.{after.name}", f"stands behind {before.name}", warns=True)
    present = {variable.name for variable in one.member.header.variables}
    for defined in domain.variables:
        if defined.name not in present and defined.core is not Core.PERMISSIBLE:
            expected = defined.core is Core.EXPECTED
            yield _finding(
                standard, "CDISC-06", f"{name}.{defined.name}", f"is missing ({defined.core})", warns=expected
            )


def _values(standard: Standard, domain: Domain, name: str, frame: pl.DataFrame) -> Iterator[Finding]:
    counts: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], Problem] = {}
    for problem in problems(domain, frame):
        key = (problem.rule, problem.variable)
        counts[key] += 1
        first.setdefault(key, problem)
    for (rule, variable), problem in first.items():
        count = counts[rule, variable]
        what = f"{count} of {frame.height} rows; row {problem.row}: {problem.value or 'empty'} {problem.what}"
        yield _finding(standard, _OF_ROWS[rule], f"{name}.{variable}", what)


def _results(standard: Standard, domain: Domain, name: str, frame: pl.DataFrame) -> Iterator[Finding]:
    """Yield numbers that are not those of their text. A file's double may differ from the text in its last bits."""
    text, number = f"{domain.code}STRESC", f"{domain.code}STRESN"
    if not {text, number} <= set(frame.columns) or frame[number].dtype == pl.String or frame[text].dtype != pl.String:
        return
    said = frame[text].cast(pl.Float64, strict=False)
    apart = (said - frame[number]).abs() > SAME * said.abs()
    unsaid = (said.is_null() & frame[number].is_not_null()) | (said.is_finite() & frame[number].is_null())
    wrong = (apart.fill_null(value=False) | unsaid.fill_null(value=False)).arg_true()
    if len(wrong):
        row = int(wrong[0])
        what = f"{len(wrong)} of {frame.height} rows; row {row + 1}: {frame[text][row] or 'empty'} and {frame[number][row]}"
        yield _finding(standard, "CDISC-15", f"{name}.{number}", what)


def _days(
    standard: Standard, domain: Domain, name: str, frame: pl.DataFrame, subjects: pl.DataFrame | None
) -> Iterator[Finding]:
    """Yield study days that are not those of their moment; where either is unknown there is nothing to compare."""
    if subjects is None or not {"USUBJID", "RFSTDTC"} <= set(subjects.columns) or "USUBJID" not in frame.columns:
        return
    reference = dict(subjects.select("USUBJID", "RFSTDTC").rows())
    for moment, day in (("DTC", "DY"), ("STDTC", "STDY"), ("ENDTC", "ENDY")):
        source, target = domain.code + moment, domain.code + day
        if not {source, target} <= set(frame.columns) or frame[target].dtype == pl.String:
            continue
        derived = study_days(frame[source].to_list(), frame["USUBJID"].to_list(), reference)
        wrong = (derived != frame[target]).fill_null(value=False).arg_true()
        if len(wrong):
            row = int(wrong[0])
            yield _finding(
                standard, "CDISC-12", f"{name}.{target}",
                f"{len(wrong)} of {frame.height} rows; row {row + 1}: {frame[target][row]:g}, by {frame[source][row]} "
                f"day {derived[row]:g}",
            )  # fmt: skip


def _members(standard: Standard, name: str, frame: pl.DataFrame, subjects: pl.DataFrame | None) -> Iterator[Finding]:
    if subjects is None:
        return
    for variable in ("STUDYID", "USUBJID"):
        if variable in frame.columns and variable in subjects.columns:
            known = set(subjects[variable].to_list()) | ({""} if variable == "USUBJID" else set())
            strange = [value for value in frame[variable].unique(maintain_order=True) if (value or "") not in known]
            if strange:
                what = f"{len(strange)} not in DM, such as {strange[0] or 'empty'}"
                yield _finding(standard, "CDISC-13", f"{name}.{variable}", what)
