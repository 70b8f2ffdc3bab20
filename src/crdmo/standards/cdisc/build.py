"""Builds a data set of SDTM or SEND from a plain frame: order, labels, lengths, sequence numbers, study days, epochs.

What a frame says is data: it is never evaluated, cut, rounded or converted from text to number. What the standard does not
allow is refused with file, row, variable and value.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from crdmo.standards.cdisc.model import Core, Definition, Domain, Kind, Standard
from crdmo.standards.cdisc.problems import problems
from crdmo.standards.cdisc.timing import epochs, sequence_numbers, study_days
from crdmo.standards.refusals import FormatError
from crdmo.standards.xpt import Block, Member, MemberHeader, Variable


@dataclass(frozen=True)
class Dataset:
    """A data set of a package: its name, which is that of its file, its rows and headers, and the encoding of its texts."""

    name: str
    member: Member
    encoding: str = "ascii"

    @property
    def frame(self) -> pl.DataFrame:
        """Return the rows."""
        return self.member.frame

    @property
    def file_name(self) -> str:
        """Return the name of its file in a package."""
        return f"{self.name.lower()}.xpt"


def build(
    standard: Standard,
    name: str,
    frame: pl.DataFrame,
    *,
    study: str,
    reference: Mapping[str, str] | None = None,
    elements: pl.DataFrame | None = None,
    encoding: str = "ascii",
    unfinished: bool = False,
) -> Dataset:
    """Return a data set of a domain.

    Args:
        standard: `SDTM` or `SEND`.
        name: the domain (`AE`), the supplemental qualifiers of one (`SUPPAE`), or a part of a split domain (`QSCG`).
        frame: one row a record, columns named as the variables, in any order. Numbers as numbers, texts as texts; dates
            as ISO 8601 text, or as dates. Trailing blanks are dropped, since a transport file has none.
        study: STUDYID of every row.
        reference: {USUBJID: RFSTDTC}; from it come --DY, --STDY and --ENDY that the frame does not have.
        elements: SE of the study (USUBJID, EPOCH, SESTDTC, SEENDTC); from it comes EPOCH that the frame does not have.
        encoding: of the texts. Agencies take ASCII.
        unfinished: whether a required value may still be empty, as AEDECOD is before terms are coded; `check` names it.

    STUDYID, DOMAIN (or RDOMAIN) and --SEQ are made where the frame lacks them. A column that the frame has is kept.

    Raises:
        FormatError: an unknown domain or variable, a required variable or value that is missing, a wrong type, a text
            that is too long or not of the encoding, a moment that is none, a sequence number twice.
    """
    domain = standard.domain(name)
    known = _identified(domain, name, _typed(domain, name, frame), study)
    whole = _timed(domain, known, reference or {}, elements)
    _complete(domain, name, whole)
    ordered = whole.select([one.name for one in domain.variables if one.name in whole.columns])
    for problem in problems(domain, ordered):
        if unfinished and problem.rule == "empty":
            continue
        raise FormatError(
            f"{name.lower()}.xpt, row {problem.row}, {problem.variable}: {problem.what}",
            given=problem.value[:80] or "nothing",
            allowed=problem.allowed,
            next_step="correct the record at its source",
        )
    _encodable(name, ordered, encoding)
    header = MemberHeader(name, tuple(_variable(domain, ordered[one]) for one in ordered.columns), domain.name[:40])
    return Dataset(name, Member(header, Block(ordered)), encoding)


def from_rows(
    standard: Standard,
    name: str,
    rows: Sequence[Mapping[str, object]],
    *,
    study: str,
    reference: Mapping[str, str] | None = None,
    encoding: str = "ascii",
    unfinished: bool = False,
) -> Dataset:
    """Return a data set of rows whose cells are texts, numbers or nothing.

    It has every required and expected variable of the domain, and those of the others that say something. It is ASCII
    where that does, and of the encoding only where it does not.

    Raises:
        FormatError: as `build`.
    """
    domain = standard.domain(name)
    said = {key for row in rows for key, value in row.items() if value not in (None, "")}
    made = {
        "STUDYID",
        "DOMAIN",
        "RDOMAIN",
        domain.sequence,
        *(domain.code + one for one in ("DY", "STDY", "ENDY")),
    } - said
    known = [one for one in domain.variables if one.name not in made]
    columns: dict[str, pl.Series] = {}
    for one in known:
        if one.name not in said and one.core is Core.PERMISSIBLE:
            continue
        cells = [row.get(one.name) for row in rows]
        if one.is_numeric:
            numbers = [None if cell in (None, "") else float(str(cell)) for cell in cells]
            columns[one.name] = pl.Series(one.name, numbers, dtype=pl.Float64)
        else:
            texts = ["" if cell is None else str(cell) for cell in cells]
            columns[one.name] = pl.Series(one.name, texts, dtype=pl.String)
    strangers = said - {one.name for one in domain.variables}
    columns |= {key: pl.Series(key, [str(row.get(key, "")) for row in rows]) for key in sorted(strangers)}
    plain = all(text.isascii() for one in columns.values() if one.dtype == pl.String for text in one)
    return build(
        standard, name, pl.DataFrame(columns), study=study, reference=reference,
        encoding="ascii" if plain else encoding, unfinished=unfinished,
    )  # fmt: skip


def supplemental(
    standard: Standard, dataset: Dataset, columns: Mapping[str, tuple[str, str]], frame: pl.DataFrame, *, study: str
) -> Dataset:
    """Return SUPP-- of a data set from columns that the domain does not have.

    Args:
        standard: `SDTM` or `SEND`.
        dataset: the parent, whose rows are those of `frame` in the same order.
        columns: {name: (label, origin)} of the columns of `frame` that become qualifiers; empty values make no record.
        frame: the columns, as texts or numbers.
        study: STUDYID.

    Raises:
        FormatError: as `build`; a frame of other length; a parent without sequence number and more than a record a subject.
    """
    if frame.height != dataset.frame.height:
        raise FormatError(
            f"the qualifiers are not those of the rows of {dataset.name}",
            given=f"{frame.height} rows",
            allowed=f"{dataset.frame.height} rows",
        )
    sequence = f"{standard.domain(dataset.name).code}SEQ"
    has_sequence = sequence in dataset.frame.columns
    if not has_sequence and dataset.frame["USUBJID"].n_unique() < dataset.frame.height:
        raise FormatError(
            f"the rows of {dataset.name} cannot be told apart", allowed=f"{sequence}, or one record a subject"
        )
    rows = []
    for parent, extra in zip(dataset.frame.to_dicts(), frame.to_dicts(), strict=True):
        for name, (label, origin) in columns.items():
            if extra.get(name) not in (None, ""):
                rows.append(
                    {
                        "RDOMAIN": standard.domain(dataset.name).code,
                        "USUBJID": parent["USUBJID"],
                        "IDVAR": sequence if has_sequence else "",
                        "IDVARVAL": f"{parent[sequence]:g}" if has_sequence else "",
                        "QNAM": name,
                        "QLABEL": label,
                        "QVAL": str(extra[name]),
                        "QORIG": origin,
                        "QEVAL": "",
                    }
                )
    columns_of = ("RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "QNAM", "QLABEL", "QVAL", "QORIG", "QEVAL")
    found = pl.DataFrame(rows, schema=dict.fromkeys(columns_of, pl.String))
    return build(standard, f"SUPP{dataset.name}", found, study=study, encoding=dataset.encoding)


def _typed(domain: Domain, name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with the domain's types, and refuse what is none of its variables."""
    names = [one.name for one in domain.variables]
    if strangers := [one for one in frame.columns if one not in names]:
        near = difflib.get_close_matches(strangers[0], names, 4) or names
        raise FormatError(
            f"{name} has no such variable",
            given=", ".join(strangers),
            allowed=", ".join(near),
            next_step=f"rename the column, or carry it in SUPP{name}",
        )
    return frame.with_columns(
        [_column(name, one, frame[one.name]) for one in domain.variables if one.name in frame.columns]
    )


def _column(name: str, one: Definition, column: pl.Series) -> pl.Series:
    if column.null_count() == len(column):
        return pl.Series(
            one.name, [None if one.is_numeric else ""] * len(column), dtype=pl.Float64 if one.is_numeric else pl.String
        )
    if one.is_numeric:
        if not (column.dtype.is_integer() or column.dtype.is_float()):
            raise _wrong_type(name, one, column, "whole numbers or floats")
        found = column.cast(pl.Float64)
        if not found.fill_null(0.0).is_finite().all():
            row = int((~found.fill_null(0.0).is_finite()).arg_true()[0])
            raise FormatError(
                f"{name.lower()}.xpt, row {row + 1}, {one.name}: is no finite number",
                given=str(found[row]),
                allowed="a finite number, or null",
            )
        return found
    if one.is_moment and column.dtype == pl.Date:
        return column.dt.strftime("%Y-%m-%d").fill_null("")
    if one.is_moment and isinstance(column.dtype, pl.Datetime):
        return column.dt.strftime("%Y-%m-%dT%H:%M:%S").fill_null("")
    if column.dtype != pl.String:
        raise _wrong_type(name, one, column, "texts, as they were recorded: 99.80 is not 99.8")
    return column.fill_null("").str.strip_chars_end(" ")


def _wrong_type(name: str, one: Definition, column: pl.Series, allowed: str) -> FormatError:
    return FormatError(
        f"{name.lower()}.xpt, {one.name}: is of the wrong type",
        given=f"{column.dtype}" + (f", row 1: {column[0]}" if len(column) else ""),
        allowed=allowed,
        next_step="convert the column where it is made",
    )


def _identified(domain: Domain, name: str, frame: pl.DataFrame, study: str) -> pl.DataFrame:
    """Return the frame with study, domain and sequence."""
    owner = name[4:] if name.startswith("SUPP") else domain.code
    constant = {"STUDYID": study}
    if domain.variable("DOMAIN"):
        constant["DOMAIN"] = domain.code
    if name.startswith("SUPP"):
        constant["RDOMAIN"] = owner
    for key, value in constant.items():
        if key not in frame.columns:
            frame = frame.with_columns(pl.lit(value).alias(key))
        elif (other := frame[key] != value).any():
            row = int(other.arg_true()[0])
            raise FormatError(
                f"{name.lower()}.xpt, row {row + 1}, {key}: is another one", given=frame[key][row], allowed=value
            )
    keys = [key for key in domain.sequence_within if key in frame.columns]
    if domain.sequence and keys and domain.sequence not in frame.columns:
        frame = frame.with_columns(sequence_numbers(frame.select(keys).rows()).alias(domain.sequence))
    return frame


def _timed(
    domain: Domain, frame: pl.DataFrame, reference: Mapping[str, str], elements: pl.DataFrame | None
) -> pl.DataFrame:
    """Return the frame with the study days and the epoch that it lacks."""
    if "USUBJID" not in frame.columns:
        return frame
    subjects = frame["USUBJID"].to_list()
    for moment, day in (("DTC", "DY"), ("STDTC", "STDY"), ("ENDTC", "ENDY")):
        source, target = domain.code + moment, domain.code + day
        if reference and source in frame.columns and target not in frame.columns and domain.variable(target):
            frame = frame.with_columns(study_days(frame[source].to_list(), subjects, reference).alias(target))
    if elements is not None and domain.variable("EPOCH") and "EPOCH" not in frame.columns and domain.code != "SE":
        first = ("STDTC", "DTC") if domain.kind in (Kind.EVENTS, Kind.INTERVENTIONS) else ("DTC", "STDTC")
        source = next((domain.code + one for one in first if domain.code + one in frame.columns), "")
        if source:
            frame = frame.with_columns(epochs(frame[source].to_list(), subjects, elements).alias("EPOCH"))
    return frame


def _complete(domain: Domain, name: str, frame: pl.DataFrame) -> None:
    missing = [one.name for one in domain.variables if one.core is Core.REQUIRED and one.name not in frame.columns]
    if missing:
        raise FormatError(
            f"{name} lacks a required variable",
            given=", ".join(frame.columns),
            allowed=f"with {', '.join(missing)}",
            next_step="add the column",
        )


def _encodable(name: str, frame: pl.DataFrame, encoding: str) -> None:
    for column in frame.iter_columns():
        if column.dtype != pl.String:
            continue
        for row, text in enumerate(column):
            if text.isascii() and text.isprintable():
                continue
            if not text.isascii():
                try:
                    text.encode(encoding)
                except UnicodeEncodeError as error:
                    raise _refused_text(
                        name, row, column.name, text[error.start], f"characters of {encoding}"
                    ) from error
            if wrong := [sign for sign in text if ord(sign) < 32 or ord(sign) == 127]:
                raise _refused_text(name, row, column.name, repr(wrong[0]), "no control characters, no line breaks")


def _refused_text(name: str, row: int, variable: str, value: str, allowed: str) -> FormatError:
    return FormatError(
        f"{name.lower()}.xpt, row {row + 1}, {variable}: a character does not fit",
        given=value,
        allowed=allowed,
        next_step="replace the character at its source",
    )


def _variable(domain: Domain, column: pl.Series) -> Variable:
    defined = domain.variable(column.name)
    assert defined is not None
    if defined.is_numeric:
        return Variable(column.name, True, 8, defined.label)
    longest: Sequence[int] = column.str.len_bytes().to_list()
    return Variable(column.name, False, max([1, *longest]), defined.label)
