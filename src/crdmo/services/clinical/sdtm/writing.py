"""A trial as a package of SDTM: from its records, or as it came in for an imported study."""

from __future__ import annotations

from crdmo.common.studies.models import Study
from crdmo.foundation import datasets
from crdmo.foundation.refusals import Refused
from crdmo.standards.cdisc import SDTM, Dataset, check, encode, from_rows
from crdmo.standards.refusals import Finding, FormatError
from crdmo.standards.xpt import Block, Member, MemberHeader, Variable

from ..models import DomainTable
from .domains import domains


def package(study: Study) -> list[Dataset]:
    """Return the data sets of a trial, in the order of their names.

    A term that is not coded yet leaves its required variable empty: a trial goes out while it runs.

    Raises:
        Refused: a value does not fit the guide; says which.
    """
    if study.is_imported:
        tables = DomainTable.objects.filter(study=study, is_void=False).select_related("dataset").order_by("domain")
        return [_as_it_came(one) for one in tables]
    found = domains(study)
    reference = {row["USUBJID"]: row["RFSTDTC"] for row in found.get("DM", [])}
    try:
        return [
            from_rows(SDTM, code, rows, study=study.code, reference=reference, encoding="utf-8", unfinished=True)
            for code, rows in found.items()
        ]
    except FormatError as error:
        raise _refused(error) from error


def files_of(study: Study) -> dict[str, bytes]:
    """Return the transport files of a trial by name, the same bytes for the same records.

    Raises:
        Refused: a value cannot be written in a transport file; says which.
    """
    return encoded(package(study))


def encoded(found: list[Dataset]) -> dict[str, bytes]:
    """Return the transport files of a package; see `files_of`."""
    try:
        return encode(found)
    except FormatError as error:
        raise _refused(error) from error


def deviations(found: list[Dataset]) -> list[Finding]:
    """Return where a package deviates from the guide, errors first."""
    return sorted(check(SDTM, {one.name: one for one in found}), key=lambda one: (one.severity != "error", one.place))


def _refused(error: FormatError) -> Refused:
    return Refused("the study cannot be written as transport files", given=str(error))


def _as_it_came(table: DomainTable) -> Dataset:
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
    return Dataset(table.domain, Member(header, Block(frame, special)), encoding)
