"""From the state in an entry to the columns of its row, as each database stores them.

Written apart from the writer's own encoders, so that a fault in those cannot hide from the verification.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connections, models

from crdmo.proof import canonical

from ...refusals import Invalid
from .. import state
from ..chainwriter import table
from ..fields import CanonicalJSONField
from ..models import Record
from .reading import instant_as_stored

Stored = Callable[[Any], Any]


def expected(model: type[Record], using: str, body: dict[str, Any]) -> tuple[Any, ...]:
    """Return the columns that a row has by an entry: key, version, entry, void, then the record type's own.

    Raises:
        Invalid: the entry is of another type, or its state does not fit the type's present layout.
    """
    if body["type"] != model.record_type():
        raise Invalid("an entry of another record type", given=str(body["type"]), allowed=model.record_type())
    contents = body["state"]
    if body["schema"] != model.schema:
        contents = state.upgraded(model, body["schema"], contents)
    names, makers, key = _layout(model, using)
    void = contents.get("is_void", False)
    if contents.keys() - {"is_void"} != names:
        odd = sorted((contents.keys() - {"is_void"}) ^ names)
        raise Invalid("the state does not fit the present layout", given=", ".join(odd))
    own = [None if contents[name] is None else make(contents[name]) for name, make in makers]
    return (key(body["record"]), body["version"], body["seq"], void, *own)


@cache
def _layout(model: type[Record], using: str) -> tuple[set[str], list[tuple[str, Stored]], Stored]:
    native = connections[using].features.has_native_uuid_field
    key: Stored = UUID if native else _hex
    own = table(model, using).fields[4:]
    return {field.name for field in own}, [(field.name, _maker(field, using, key)) for field in own], key


def _hex(text: str) -> str:
    return text.replace("-", "")


def _maker(field: Any, using: str, key: Stored) -> Stored:
    if isinstance(field, CanonicalJSONField):
        return lambda value: canonical.encode(value).decode()
    if isinstance(field, models.ForeignKey | models.UUIDField):
        return key
    if isinstance(field, models.DateTimeField):
        return lambda value: instant_as_stored(using, value)
    if isinstance(field, models.DateField) and connections[using].vendor == "postgresql":
        return dt.date.fromisoformat
    return lambda value: value
