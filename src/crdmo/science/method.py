"""What a method is: a pure, typed function with a name, a version and its source in the literature.

    @method("quality.mean_kinetic_temperature", version="1.0", source="Haynes 1971; USP <1079.2>", title="...")
    def mean_kinetic_temperature(*, temperatures: Sequence[float], ...) -> MeanKineticTemperature: ...

`call` runs a method from plain JSON and `to_json` gives its result as plain JSON, so that a stored result can be run
again years later, on another machine, without the system that stored it.
"""

from __future__ import annotations

import dataclasses
import enum
import importlib
import inspect
import json
import math
import pkgutil
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

F = TypeVar("F", bound=Callable[..., Any])
DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?|[+-]?(NaN|Infinity)")


class MethodError(ValueError):
    """A method refuses what it was given."""

    def __init__(self, what: str, *, given: str = "", allowed: str = "", next_step: str = "") -> None:
        self.what, self.given, self.allowed, self.next_step = what, given, allowed, next_step
        parts = [what.rstrip(".") + "."]
        parts += [f"Given: {given}."] if given else []
        parts += [f"Allowed: {allowed}."] if allowed else []
        parts += [next_step.rstrip(".") + "."] if next_step else []
        super().__init__(" ".join(parts))


@dataclass(frozen=True)
class Method:
    """A registered method. `tolerance` is the relative difference of floats accepted on another machine."""

    name: str
    version: str
    title: str
    source: str
    function: Callable[..., Any]
    tolerance: float
    is_random: bool


_METHODS: dict[str, Method] = {}


def _place(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def method(name: str, *, version: str, source: str, title: str, tolerance: float = 1e-9) -> Callable[[F], F]:
    """Register a function as a method. A method that takes a `seed` is a random one.

    Raises:
        ValueError: the name is taken by another function.
    """

    def register(function: F) -> F:
        known = _METHODS.get(name)
        if known is not None and _place(known.function) != _place(function):
            raise ValueError(f"{name} is registered twice: by {_place(known.function)} and by {_place(function)}")
        random = "seed" in inspect.signature(function).parameters
        _METHODS[name] = Method(name, version, title, source, function, tolerance, random)
        return function

    return register


def load_all() -> None:
    """Import every module of science, so that every method is registered."""
    package = importlib.import_module("crdmo.science")
    for module in pkgutil.walk_packages(package.__path__, "crdmo.science."):
        importlib.import_module(module.name)


def registered() -> Mapping[str, Method]:
    """Return all methods by name."""
    load_all()
    return types.MappingProxyType(_METHODS)


def find(name: str) -> Method:
    """Return a method by its name.

    Raises:
        MethodError: there is none of that name.
    """
    if name not in _METHODS:
        load_all()
    if name not in _METHODS:
        raise MethodError("there is no such method", given=name, allowed=", ".join(sorted(_METHODS)))
    return _METHODS[name]


def to_json(value: Any) -> Any:
    """Return a result as plain JSON: what is stored and hashed. Infinite and undefined floats become text.

    Raises:
        MethodError: something in it is not data, or two keys of a mapping have the same text.
    """
    if isinstance(value, enum.Enum):
        return to_json(value.value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, Decimal):
        return format(value, "f")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
    return _object(value) if isinstance(value, Mapping) else _list(value)


def _list(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return to_json(value.tolist())
    if isinstance(value, set | frozenset):
        # A set has no order of its own; that of the JSON text is the same on every machine.
        return sorted((to_json(inner) for inner in value), key=json.dumps)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [to_json(inner) for inner in value]
    raise MethodError("a result holds something that is not data", given=type(value).__name__)


def _object(value: Mapping[Any, Any]) -> dict[str, Any]:
    made = {str(to_json(key)): to_json(inner) for key, inner in value.items()}
    if len(made) != len(value):
        raise MethodError("two keys of a result have the same text", given=", ".join(map(repr, value))[:80])
    return made


def call(name: str, inputs: Mapping[str, Any], parameters: Mapping[str, Any]) -> Any:
    """Run a method on plain JSON, converting each argument to the type that the function states.

    Raises:
        MethodError: an argument is unknown, missing, given twice or of the wrong kind; or the method itself refuses.
    """
    function = find(name).function
    if twice := set(inputs) & set(parameters):
        raise MethodError(f"{name} is given an argument twice", given=", ".join(sorted(twice)))
    given = {**inputs, **parameters}
    signature = inspect.signature(function).parameters
    if unknown := set(given) - set(signature):
        raise MethodError(
            f"{name} has no such argument", given=", ".join(sorted(unknown)), allowed=", ".join(signature)
        )
    needed = {key for key, p in signature.items() if p.default is inspect.Parameter.empty}
    if missing := needed - set(given):
        raise MethodError(
            f"{name} lacks an argument", given=", ".join(given) or "none", allowed=", ".join(sorted(missing))
        )
    hints = get_type_hints(function)
    return function(**{key: _convert(value, hints.get(key, Any), key) for key, value in given.items()})


def _wrong(place: str, value: Any, allowed: str) -> MethodError:
    return MethodError(f"{place} is of the wrong kind", given=repr(value)[:80], allowed=allowed)


def _convert(value: Any, hint: Any, place: str) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any or hint is object:
        return value
    if origin in (Union, types.UnionType):
        return _convert_union(value, arguments, place)
    if origin is typing.Literal:
        if value not in arguments:
            raise _wrong(place, value, ", ".join(map(repr, arguments)))
        return value
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(value, Mapping):
            raise _wrong(place, value, "an object")
        return {_convert(k, arguments[0], place): _convert(v, arguments[1], f"{place}/{k}") for k, v in value.items()}
    if origin is not None and issubclass(origin, Sequence):
        return _convert_sequence(value, origin, arguments, place)
    return _convert_plain(value, hint, place)


def _convert_union(value: Any, arguments: tuple[Any, ...], place: str) -> Any:
    if value is None and type(None) in arguments:
        return None
    errors: list[str] = []
    for choice in (a for a in arguments if a is not type(None)):
        try:
            return _convert(value, choice, place)
        except MethodError as error:
            errors.append(error.allowed)
    raise _wrong(place, value, " or ".join(errors))


def _convert_sequence(value: Any, origin: Any, arguments: tuple[Any, ...], place: str) -> Any:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise _wrong(place, value, "a list")
    if origin is tuple and Ellipsis not in arguments:
        if len(value) != len(arguments):
            raise _wrong(place, value, f"a list of {len(arguments)}")
        return tuple(_convert(v, a, f"{place}/{i}") for i, (v, a) in enumerate(zip(value, arguments, strict=True)))
    made = [_convert(v, arguments[0], f"{place}/{i}") for i, v in enumerate(value)]
    return made if origin is list else tuple(made)


def _convert_plain(value: Any, hint: Any, place: str) -> Any:
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        try:
            return hint(value)
        except ValueError as error:
            raise _wrong(place, value, ", ".join(str(member.value) for member in hint)) from error
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _convert_dataclass(value, hint, place)
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return _float(value, place)
    if hint is float and isinstance(value, str) and value in ("inf", "-inf", "nan"):
        return float(value)
    if hint is Decimal and not isinstance(value, Decimal):
        return _decimal(value, place)
    if isinstance(hint, type) and isinstance(value, hint) and not (hint is int and isinstance(value, bool)):
        return value
    raise _wrong(place, value, getattr(hint, "__name__", str(hint)))


def _float(value: float, place: str) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise _wrong(place, value, "a number that a double holds") from error


def _decimal(value: Any, place: str) -> Decimal:
    """Read a decimal from its text. A float is refused: its digits are not those that somebody wrote."""
    if isinstance(value, bool) or not isinstance(value, str | int) or not DECIMAL.fullmatch(str(value)):
        raise _wrong(place, value, "a decimal number as text, such as 98.0")
    return Decimal(value)


def _convert_dataclass(value: Any, hint: type, place: str) -> Any:
    if isinstance(value, hint):
        return value
    if not isinstance(value, Mapping):
        raise _wrong(place, value, f"an object with the fields of {hint.__name__}")
    hints = get_type_hints(hint)
    if unknown := set(value) - set(hints):
        raise _wrong(place, ", ".join(sorted(unknown)), ", ".join(hints))
    try:
        return hint(**{key: _convert(v, hints[key], f"{place}/{key}") for key, v in value.items()})
    except TypeError as error:
        raise _wrong(place, value, str(error)) from error


def from_json(name: str, output: Any) -> Any:
    """Return the result that stored JSON stands for, as the type that the method's function returns.

    Raises:
        MethodError: there is no such method, or the JSON is not a result of its present version.
    """
    function = find(name).function
    return _convert(output, get_type_hints(function).get("return", Any), f"output of {name}")
