"""How controls come into force: a strategy publishes its lines, and those of its earlier version are superseded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from crdmo.foundation.accounts.models import Program
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.ledger.thread import sources_of
from crdmo.foundation.refusals import Refused

from . import queries
from .models import Control


def publish(
    act: Act, program: Program, *, source: Record, code: str, number: int, lines: Iterable[Mapping[str, Any]]
) -> list[Control]:
    """Put the lines of version `number` of strategy `code` in force, within the act that makes it effective.

    Raises:
        Refused: another strategy of the program holds a control of the same name.
    """
    wanted = list(lines)
    names = {line["name"] for line in wanted}
    for one in queries.effective(program):
        if one.source_code == code:
            act.change(one, state=Control.State.SUPERSEDED)
        elif one.name in names:
            raise Refused(
                f"{one.name} is controlled by another strategy",
                given=f"{code} version {number}",
                allowed=one.source,
                next="Draft the next version of that strategy",
            )
    basis = [source]
    return act.create_many(
        Control,
        [
            {"program": program, "source_code": code, "source_number": number, "sources": sources_of(basis), **line}
            for line in wanted
        ],
    )
