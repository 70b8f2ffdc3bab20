"""What a transport file is made of: a library with members, each with a header, variables and rows.

Rows are Polars frames: numbers are Float64 with null for a missing value, texts are String without their trailing
blanks. The special missing values `._` and `.A` to `.Z` lie beside the frame, since no frame has them.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from crdmo.standards.refusals import FormatError

RECORD = 80
NAMESTR = 140
NAME = re.compile(r"[A-Z_][A-Z0-9_]{0,7}")
MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
EPOCH = "01JAN60:00:00:00"  # day 0 of SAS: what a header says when no instant was given

# Special missing values: variable, then row (counted from 0 within the block), then "_" or "A" to "Z".
Special = Mapping[str, Mapping[int, str]]


@dataclass(frozen=True)
class Variable:
    """One variable: a number of 2 to 8 bytes or a text of 1 to 200 bytes, with label, format and informat."""

    name: str
    is_numeric: bool
    length: int = 8
    label: str = ""
    format: str = ""
    format_length: int = 0
    format_decimals: int = 0
    justification: int = 0
    informat: str = ""
    informat_length: int = 0
    informat_decimals: int = 0

    @property
    def format_text(self) -> str:
        """Return the format as SAS writes it: `DATE9.`, `8.2`, `$CHAR10.`; empty when there is none."""
        if not (self.format or self.format_length):
            return ""
        length = str(self.format_length) if self.format_length else ""
        decimals = str(self.format_decimals) if self.format_decimals else ""
        return f"{self.format}{length}.{decimals}"


@dataclass(frozen=True)
class MemberHeader:
    """A data set before its rows: name, label, variables in their order, and who wrote it when."""

    name: str
    variables: tuple[Variable, ...]
    label: str = ""
    kind: str = ""
    sas_version: str = "9.4"
    system: str = ""
    created: str = EPOCH
    modified: str = EPOCH

    @property
    def record_length(self) -> int:
        """Return the bytes of one row."""
        return sum(variable.length for variable in self.variables)

    def variable(self, name: str) -> Variable:
        """Return the variable of that name."""
        for one in self.variables:
            if one.name == name:
                return one
        names = ", ".join(one.name for one in self.variables)
        raise FormatError(f"{self.name} has no variable of that name", given=name, allowed=names)


@dataclass(frozen=True)
class Block:
    """Some rows of a member, and the special missing values among them."""

    frame: pl.DataFrame
    special: Special = field(default_factory=dict)


@dataclass(frozen=True)
class Member:
    """A data set with all its rows."""

    header: MemberHeader
    block: Block

    @property
    def frame(self) -> pl.DataFrame:
        """Return the rows."""
        return self.block.frame


@dataclass(frozen=True)
class Library:
    """A transport file: its members and what its own header says. `encoding` is that of the texts."""

    members: tuple[Member, ...]
    encoding: str = "ascii"
    sas_version: str = "9.4"
    system: str = ""
    created: str = EPOCH
    modified: str = EPOCH


def sas_instant(instant: datetime.datetime) -> str:
    """Return an instant as a header writes it, `ddMMMyy:hh:mm:ss`. The year has two digits; the zone is not written."""
    return f"{instant.day:02d}{MONTHS[instant.month - 1]}{instant:%y:%H:%M:%S}"


def kept_rows(size: int, length: int, last_row_is_blank: bool) -> int:
    """Return how many rows of `length` bytes a padded section of `size` bytes holds, given whether the last is blank.

    The file does not say how many rows it has. It is filled with blanks to 80 bytes, so a row of blanks that lies
    wholly within the last 79 bytes cannot be told from filling.
    """
    rows = size // length
    if not last_row_is_blank:
        return rows
    # The fewest rows whose padded size is `size`.
    return max((size - RECORD) // length + 1, 0) if size else 0
