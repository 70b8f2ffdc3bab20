"""A folder of SDTM transport files, one a domain, packed as a zip that is the same each time for the same records."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Any

import polars as pl

from crdmo.common.studies.models import Study
from crdmo.foundation import datasets
from crdmo.foundation.refusals import Refused
from crdmo.standards.refusals import FormatError
from crdmo.standards.xpt import Block, Library, Member, MemberHeader, Variable, encode_library

from ..models import DomainTable
from .domains import Domain, domains

FIRST = (1980, 1, 1, 0, 0, 0)
LONGEST = 200


def files_of(study: Study) -> dict[str, bytes]:
    """Return the transport files of a trial by name: from its records, or as they came in for an imported study.

    Raises:
        Refused: a value cannot be written in a transport file; says which.
    """
    try:
        if study.is_imported:
            tables = DomainTable.objects.filter(study=study, is_void=False).select_related("dataset").order_by("domain")
            return {f"{one.domain.lower()}.xpt": _as_it_came(one) for one in tables}
        return {f"{one.code.lower()}.xpt": _encoded(one) for one in domains(study)}
    except FormatError as error:
        raise Refused("the study cannot be written as transport files", given=str(error)) from error


def zipped(files: dict[str, bytes]) -> bytes:
    """Return files as one zip, without the hour at which it was made."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in sorted(files.items()):
            packed.writestr(zipfile.ZipInfo(name, FIRST), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _encoded(domain: Domain) -> bytes:
    """Write a domain; a text variable is as long as its longest value, and UTF-8 is taken where ASCII does not do."""
    columns: dict[str, pl.Series] = {}
    variables = []
    texts: list[str] = []
    for name, label, is_number in domain.variables:
        values: list[Any] = [row.get(name) for row in domain.rows]
        if is_number:
            columns[name] = pl.Series(name, [None if v is None else float(v) for v in values], dtype=pl.Float64)
            variables.append(Variable(name, True, 8, label[:40]))
        else:
            words = [str(v or "") for v in values]
            texts += words
            columns[name] = pl.Series(name, words, dtype=pl.String)
            variables.append(Variable(name, False, _length(words), label[:40]))
    encoding = "ascii" if all(map(str.isascii, texts)) else "utf-8"
    header = MemberHeader(domain.code, tuple(variables), domain.label[:40])
    return encode_library(Library((Member(header, Block(pl.DataFrame(columns))),), encoding=encoding))


def _length(words: Sequence[str]) -> int:
    return min(max((len(word.encode()) for word in words), default=1) or 1, LONGEST)


def _as_it_came(table: DomainTable) -> bytes:
    frame = datasets.frame(table.dataset)
    variables = tuple(Variable(**{k: v for k, v in one.items() if k != "special"}) for one in table.variables)
    special = {
        one["name"]: {int(row): letter for row, letter in one["special"].items()}
        for one in table.variables
        if one.get("special")
    }
    header = MemberHeader(table.domain, variables, table.label)
    words = [w for one in variables if not one.is_numeric for w in frame[one.name].to_list() if w]
    encoding = "ascii" if all(map(str.isascii, words)) else "utf-8"
    return encode_library(Library((Member(header, Block(frame, special)),), encoding=encoding))
