"""Between a record's fields and its canonical state.

For each record type the codecs are built once: a small function a field that refuses what does not fit and returns the
JSON value for the ledger and the column value for the database. This is what makes a bulk write fast and strict.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.base import ModelState

from crdmo.proof import canonical

from ..refusals import Invalid
from .fields import CanonicalJSONField, MeasuredField
from .models import Record, State

HEADER = frozenset({"id", "version", "entry", "is_void"})
SAFE = 2**53 - 1
R = TypeVar("R", bound=Record)
_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False)


class Codec(NamedTuple):
    """How one field is written: its name in the state, its attribute, its encoder, whether that may give any JSON."""

    name: str
    attname: str
    encode: Callable[[Any], Any]
    json: bool


def _wrong(field: models.Field[Any, Any], value: Any, allowed: str) -> Invalid:
    given = repr(value) if len(repr(value)) < 80 else repr(value)[:77] + "…"
    allowed = "a value: it may not be empty" if value is None else allowed
    label = f"{field.model._meta.verbose_name} {field.name}"
    return Invalid(f"{label} cannot take this value", errors={field.name: allowed}, given=given, allowed=allowed)


def instant(value: dt.datetime) -> str:
    """Return a UTC instant as text with microseconds and Z."""
    return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _text(field: Any) -> Callable[[Any], Any]:
    limit, choices = field.max_length, {str(k) for k, _ in field.flatchoices} or None
    measured = isinstance(field, MeasuredField)

    def encode(value: Any) -> Any:
        if value.__class__ is not str:
            if not isinstance(value, str):
                raise _wrong(field, value, "text")
            value = str(value)
        if limit is not None and len(value) > limit:
            raise _wrong(field, value, f"at most {limit} characters")
        if choices is not None and value not in choices and not (value == "" and field.blank):
            raise _wrong(field, value, "one of " + ", ".join(sorted(choices)))
        if value == "" and not field.blank:
            raise _wrong(field, value, "a value: it may not be empty")
        if measured:
            try:
                field.validate_text(value)
            except ValidationError as error:
                raise _wrong(field, value, error.messages[0]) from error
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            raise _wrong(field, value, "text without halves of surrogate pairs")
        if "\x00" in value:
            raise _wrong(field, value, "text without NUL characters")
        return value

    return encode


def _integer(field: Any) -> Callable[[Any], Any]:
    low = 0 if isinstance(field, models.PositiveIntegerField) else -SAFE

    def encode(value: Any) -> Any:
        if value.__class__ is not int or not low <= value <= SAFE:
            raise _wrong(field, value, f"a whole number from {low} to {SAFE}")
        return value

    return encode


def _boolean(field: Any) -> Callable[[Any], Any]:
    def encode(value: Any) -> Any:
        if value is not True and value is not False:
            raise _wrong(field, value, "true or false")
        return value

    return encode


def _uuid(field: Any) -> Callable[[Any], Any]:
    def encode(value: Any) -> Any:
        if value.__class__ is UUID:
            return str(value)
        try:
            return str(UUID(str(value)))
        except ValueError as error:
            raise _wrong(field, value, "a UUID") from error

    return encode


def _instant(field: Any) -> Callable[[Any], Any]:
    def encode(value: Any) -> Any:
        if not isinstance(value, dt.datetime) or value.tzinfo is None:
            raise _wrong(field, value, "an instant with its offset from UTC")
        return instant(value)

    return encode


def _date(field: Any) -> Callable[[Any], Any]:
    def encode(value: Any) -> Any:
        if isinstance(value, dt.datetime) or not isinstance(value, dt.date):
            raise _wrong(field, value, "a date")
        return value.isoformat()

    return encode


def _json(field: Any) -> Callable[[Any], Any]:
    def encode(value: Any) -> Any:
        # Through the canonical text, so that what is hashed is what a reader gets back.
        return canonical.decode(canonical.encode(value))

    return encode


MAKERS: tuple[tuple[type, Callable[[Any], Callable[[Any], Any]]], ...] = (
    (CanonicalJSONField, _json),
    (models.DateTimeField, _instant),
    (models.DateField, _date),
    (models.BooleanField, _boolean),
    (models.UUIDField, _uuid),
    (models.ForeignKey, _uuid),
    (models.CharField, _text),
    (models.TextField, _text),
    (models.IntegerField, _integer),
)


def _nullable(encode: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def encode_or_none(value: Any) -> Any:
        return None if value is None else encode(value)

    return encode_or_none


@cache
def codecs(model: type[Record]) -> tuple[Codec, ...]:
    """Return the codecs of a record type's own fields, in the order of its columns."""
    found = []
    for field in model._meta.concrete_fields:
        if field.name in HEADER:
            continue
        maker = next(make for kind, make in MAKERS if isinstance(field, kind))
        encode = _nullable(maker(field)) if field.null else maker(field)
        found.append(Codec(field.name, field.attname, encode, isinstance(field, CanonicalJSONField)))
    # By name, as the canonical text has them.
    return tuple(sorted(found))


@cache
def _quick(model: type[Record]) -> bool:
    """Say whether every codec gives text, whole numbers, booleans or null, which json writes canonically."""
    return all(not codec.json and codec.name.isascii() for codec in codecs(model))


def text(model: type[Record], contents: State) -> str:
    """Return the canonical text of a state that `of` gave."""
    return _encoder.encode(contents) if _quick(model) else canonical.encode(contents).decode()


def made(model: type[R], values: Mapping[str, Any]) -> R:
    """Return a new object with these values, as `model(**values)` would, but several times as quick.

    Raises:
        TypeError: a name is not that of a field, or a field is given twice.
    """
    plan = _plan(model, tuple(values))
    # What Model.__init__ does, but for its signals, which nobody in this house listens to.
    record = model.__new__(model)
    record._state = ModelState()
    row = record.__dict__
    row.update(plan.constant)
    for attname, default in plan.computed:
        row[attname] = default()
    for given, attname in plan.plain:
        row[attname] = values[given]
    for given, attname in plan.keys:
        value = values[given]
        if isinstance(value, models.Model):
            record._state.fields_cache[given] = value
            value = value.pk
        row[attname] = value
    return record


class _Plan(NamedTuple):
    """How the columns of a new object come by their values, when certain names are given."""

    constant: dict[str, Any]
    computed: tuple[tuple[str, Callable[[], Any]], ...]
    plain: tuple[tuple[str, str], ...]
    keys: tuple[tuple[str, str], ...]


@cache
def _plan(model: type[Record], names: tuple[str, ...]) -> _Plan:
    constant: dict[str, Any] = {}
    computed: list[tuple[str, Callable[[], Any]]] = []
    plain: list[tuple[str, str]] = []
    keys: list[tuple[str, str]] = []
    left = set(names)
    for field in model._meta.concrete_fields:
        given = field.name if field.name in left else field.attname
        if given in left:
            left.remove(given)
            # A key given by its object, never one given by its value, fills the cache of related objects.
            (keys if isinstance(field, models.ForeignKey) and given == field.name else plain).append(
                (given, field.attname)
            )
        # `has_default` first: where there is none, Django keeps a class in its place, which is callable too.
        elif field.has_default() and callable(field.default):
            computed.append((field.attname, field.get_default))
        else:
            constant[field.attname] = field.get_default()
    if left:
        raise TypeError("unknown or given twice: " + ", ".join(sorted(left)))
    return _Plan(constant, tuple(computed), tuple(plain), tuple(keys))


def of(record: Record) -> State:
    """Return the state of a record as its row now stands, with `is_void` where it is voided."""
    found = record.__dict__
    try:
        state = {name: encode(found[attname]) for name, attname, encode, _ in codecs(type(record))}
    except KeyError:  # a record that was read without some of its columns fetches them now
        state = {name: encode(getattr(record, attname)) for name, attname, encode, _ in codecs(type(record))}
    if record.is_void:
        state["is_void"] = True
    return state


def upgraded(model: type[Record], schema: int, state: State) -> State:
    """Return an old state in the present layout, by the record type's upgrade steps.

    Raises:
        Invalid: a step is missing, or the state is newer than this release.
    """
    while schema < model.schema:
        step = model.upgrades.get(schema)
        if step is None:
            raise Invalid(f"{model.record_type()} has no upgrade from schema {schema}", allowed=f"1 to {model.schema}")
        state, schema = step(dict(state)), schema + 1
    if schema > model.schema:
        raise Invalid(f"{model.record_type()} was written by a newer release", given=f"schema {schema}")
    return state


def values(model: type[Record], state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes that a state stands for, for rebuilding a row.

    Raises:
        Invalid: the state lacks a field or has one too many.
    """
    known = {codec.name: codec.attname for codec in codecs(model)}
    odd = (set(state) - {"is_void"}) ^ set(known)
    if odd:
        raise Invalid(f"a state of {model.record_type()} does not fit its present layout", given=", ".join(sorted(odd)))
    fields = {field.name: field for field in model._meta.concrete_fields}
    made: dict[str, Any] = {"is_void": bool(state.get("is_void", False))}
    for name, attname in known.items():
        value, field = state[name], fields[name]
        if value is not None and isinstance(field, models.ForeignKey):
            value = UUID(value)
        made[attname] = value if isinstance(field, CanonicalJSONField) else field.to_python(value)
    return made
