"""Making a stored number again. Pure: used on the system's own results and on those in a proof bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crdmo.science import method as methods
from crdmo.science.method import MethodError

from .comparison import Difference, Outcome, Verdict, compare
from .environment import code_hash, environment
from .execution import OpenBlob, digest, execute


@dataclass(frozen=True)
class Stored:
    """What is kept of a computation."""

    method: str
    method_version: str
    inputs: Any
    parameters: Mapping[str, Any]
    seed: int | None
    output: Any
    input_hash: str
    output_hash: str
    code_hash: str
    environment: Mapping[str, Any]


def recompute_stored(stored: Stored, open_blob: OpenBlob) -> Outcome:
    """Run a stored computation again with the code of this machine and compare.

    A stored input or output that is not what its hash says is a difference, whatever comes out.
    """
    if torn := _torn(stored):
        return Outcome(Verdict.DIFFERENT, 0.0, torn, len(torn), ("the stored computation was altered",))
    try:
        method = methods.find(stored.method)
    except MethodError:
        return Outcome(Verdict.IMPOSSIBLE, 0.0, notes=(f"this release has no method {stored.method}",))
    notes = _notes(stored, method)
    try:
        now = execute(stored.method, stored.inputs, stored.parameters, stored.seed, open_blob)
    except MethodError as error:
        refused = Difference("", "a result", f"refused: {error}", None)
        return Outcome(Verdict.DIFFERENT, method.tolerance, (refused,), 1, notes)
    return compare(stored.output, now, method.tolerance, notes)


def _torn(stored: Stored) -> tuple[Difference, ...]:
    found = (
        ("inputs", digest(stored.inputs), stored.input_hash),
        ("output", digest(stored.output), stored.output_hash),
    )
    return tuple(Difference(f"/{what} hash", stated, have, None) for what, have, stated in found if have != stated)


def _notes(stored: Stored, method: methods.Method) -> tuple[str, ...]:
    notes = []
    if method.version != stored.method_version:
        notes.append(f"method version was {stored.method_version}, is {method.version}")
    if code_hash(method) != stored.code_hash:
        notes.append("the code of the method was changed since")
    now = environment()
    changed = sorted(key for key in {*now, *stored.environment} if now.get(key) != stored.environment.get(key))
    notes += [f"{key} was {stored.environment.get(key)}, is {now.get(key)}" for key in changed]
    return tuple(notes)
