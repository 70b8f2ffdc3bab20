"""After something changed: recompute a result, see whether it is stale, make it anew as a new version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from crdmo.foundation.datasets import store
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Entry, Record, record_types
from crdmo.foundation.ledger.thread import sources_of, stale_causes
from crdmo.science import method as methods

from ..refusals import Invalid, Refused
from .comparison import Outcome, compare
from .impact_list import Impact, impact
from .models import Result
from .recomputation import Stored, recompute_stored
from .running import blobs_of, check_sources, make


def recompute(result: Result) -> Outcome:
    """Run a result's method again on its stored inputs and compare. Nothing is written.

    Raises:
        BlobMissing, BlobAltered: a blob that it was made from is not as sealed.
    """
    return recompute_stored(stored(result), store.get)


def stored(result: Result) -> Stored:
    """Return what is kept of a computation, whole."""
    return Stored(
        method=result.method, method_version=result.method_version, inputs=result.inputs, parameters=result.parameters,
        seed=result.seed, output=result.output, input_hash=result.input_hash, output_hash=result.output_hash,
        code_hash=result.code_hash, environment=result.environment,
    )  # fmt: skip


def is_stale(record: Record) -> bool:
    """Say whether a record stands on data changed since."""
    return bool(stale_causes([record.id]))


def stale(record: Record) -> list[Record]:
    """Return the records whose change made this one stale."""
    causes = stale_causes([record.id]).get(record.id, [])
    return [found for key in causes if (found := _record(key)) is not None]


def _record(key: UUID) -> Record | None:
    kind = Entry.objects.filter(record_id=key, version=1).values_list("record_type", flat=True).first()
    model = record_types().get(kind or "")
    return model._default_manager.filter(pk=key).first() if model else None


@dataclass(frozen=True)
class Rerun:
    """A result made anew: the new version, how its output compares with the old one, and what stands on it."""

    result: Result
    outcome: Outcome
    impact: Impact


def rerun(
    act: Act, result: Result, *, inputs: Mapping[str, Any] | None = None, sources: Iterable[Record] | None = None,
    parameters: Mapping[str, Any] | None = None, seed: int | None = None,
) -> Rerun:  # fmt: skip
    """Make a result anew as a new version of its record; the old version stays in the ledger with its signatures.

    Without `inputs` the stored ones are used again: right after a repair of the code, wrong after a change of the data.
    Only a changed output makes what stands on it stale.

    Raises:
        Invalid: no reason was given, or inputs without their sources.
        Refused: the data changed since, and neither new inputs nor sources are given.
        MethodError: the method refuses.
    """
    if not act.reason:
        raise Invalid("a result is made anew with a reason", errors={"reason": "say why it is made anew"})
    if (inputs is None) != (sources is None):
        raise Invalid("inputs and the sources they were read from are given together", allowed="both, or neither")
    if inputs is None and is_stale(result):
        raise Refused(f"{result} stands on data changed since", next="Give the new inputs with their sources")
    made = _remade(result, inputs, sources, parameters, seed)
    changed = {name: value for name, value in made.items() if getattr(result, name) != value}
    before, touched = result.output, impact(result)
    renewed = act.change(result, **changed) if changed else result
    return Rerun(renewed, compare(before, renewed.output, methods.find(result.method).tolerance), touched)


def _remade(
    result: Result, inputs: Mapping[str, Any] | None, sources: Iterable[Record] | None,
    parameters: Mapping[str, Any] | None, seed: int | None,
) -> dict[str, Any]:  # fmt: skip
    """Run the method and return the fields of the new version."""
    if inputs is None or sources is None:
        again = result.seed if seed is None and parameters is None else seed
        used = result.parameters if parameters is None else parameters
        return make(result.method, result.inputs, used, again, set(result.datasets))
    basis = list(sources)
    check_sources(basis, result.program)
    used = result.parameters if parameters is None else parameters
    return {**make(result.method, inputs, used, seed, blobs_of(basis)), "sources": sources_of(basis)}
