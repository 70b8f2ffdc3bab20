"""`run`: a registered method on recorded data, and its result as a record that says where every number came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from crdmo.foundation.accounts.models import Organization, Program
from crdmo.foundation.datasets import store
from crdmo.foundation.datasets.models import Dataset
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.ledger.thread import sources_of, stale_causes
from crdmo.foundation.references.models import Reference
from crdmo.proof import canonical
from crdmo.proof.canonical import CanonicalError
from crdmo.science import method as methods

from ..refusals import Conflict, Invalid, Refused
from .environment import code_hash, environment
from .execution import datasets_in, default_seed, digest, execute
from .models import Result

INLINE = 64 * 1024


def run(
    act: Act, name: str, inputs: Mapping[str, Any], parameters: Mapping[str, Any] | None = None, *,
    sources: Iterable[Record] = (), program: Program | None = None, organization: Organization | None = None,
    seed: int | None = None, references: Sequence[Reference] = (), title: str = "",
) -> Result:  # fmt: skip
    """Run a method and write its result.

    `inputs` is what was read from the `sources`, as plain JSON or as `column(dataset, "name")`; `references` are the
    official tables that the method's parameters were taken from. A random method without `seed` gets one that follows
    from its data.

    Raises:
        MethodError: there is no such method, or it refuses what it was given.
        Invalid: inputs are no JSON, or point to a dataset that is not among the sources.
        Refused: a source is void, stale, or belongs to another program.
        Conflict: a source was changed since it was read.
    """
    basis = [*sources, *references]
    check_sources(basis, program)
    made = make(name, inputs, parameters or {}, seed, blobs_of(basis))
    method = methods.find(name)
    tenant = {} if program is not None else {"organization": organization}
    return act.create(
        Result, program=program, **tenant, method=name, title=title or method.title, citation=method.source, **made,
        references=[_pinned(reference) for reference in references], sources=sources_of(basis),
    )  # fmt: skip


def column(dataset: Dataset, name: str, **where: Any) -> dict[str, Any]:
    """Return the input that stands for one column of a dataset, for rows with these values."""
    return {"dataset": dataset.blob, "column": name, **({"where": where} if where else {})}


def _pinned(reference: Reference) -> dict[str, str]:
    return {
        "reference": str(reference.id),
        "name": reference.name,
        "edition": reference.edition,
        "digest": reference.digest,
    }


def make(name: str, inputs: Any, parameters: Any, seed: int | None, allowed: Set[str]) -> dict[str, Any]:
    """Run the method and return the fields of a result that follow from it; `allowed` are the datasets it may read."""
    method = methods.find(name)
    inputs, parameters = _plain(inputs, "inputs"), _plain(parameters, "parameters")
    blobs = _datasets(inputs, allowed)
    seed = _seed(method, inputs, parameters, seed)
    output = execute(name, inputs, parameters, seed, store.get)
    return {
        "method_version": method.version, "parameters": parameters, "seed": seed, "datasets": blobs,
        **_kept("inputs", inputs), "input_hash": digest(inputs),
        **_kept("output", output), "output_hash": digest(output),
        "code_hash": code_hash(method), "environment": environment(),
    }  # fmt: skip


def _plain(value: Any, what: str) -> Any:
    try:
        return canonical.decode(canonical.encode(value))
    except CanonicalError as error:
        raise Invalid(
            f"the {what} are not plain JSON", given=str(error), allowed="numbers, text, lists and objects"
        ) from error


def _seed(method: methods.Method, inputs: Any, parameters: Any, seed: int | None) -> int | None:
    if "seed" in parameters or "seed" in inputs:
        raise Invalid("the seed is not a parameter", given="seed among the arguments", allowed="run(…, seed=…)")
    if not method.is_random:
        if seed is not None:
            raise Invalid(f"{method.name} has no random part", given=f"seed {seed}", allowed="no seed")
        return None
    return default_seed(method.name, inputs, parameters) if seed is None else seed


def _kept(name: str, value: Any) -> dict[str, Any]:
    data = canonical.encode(value)
    if len(data) <= INLINE:
        return {f"{name}_here": value, f"{name}_blob": ""}
    return {f"{name}_here": None, f"{name}_blob": store.put(data)}


def blobs_of(basis: Iterable[Record]) -> set[str]:
    """Return the blobs of the datasets among the sources."""
    return {record.blob for record in basis if isinstance(record, Dataset)}


def _datasets(inputs: Any, allowed: Set[str]) -> list[str]:
    named = sorted(set(datasets_in(inputs)))
    if foreign := [name for name in named if name not in allowed]:
        raise Invalid("the inputs point to a dataset that is not among the sources", given=", ".join(foreign),
                      allowed="datasets that are given as sources")  # fmt: skip
    return named


def check_sources(basis: Sequence[Record], program: Program | None) -> None:
    """Say nothing if every source stands as it was read, in this program or in none, and not on changed data.

    Raises:
        Refused: a source is void, stale, or belongs to another program.
        Conflict: a source was changed since it was read.
    """
    by_type: dict[type[Record], list[Record]] = {}
    for record in basis:
        if record.is_void:
            raise Refused(f"{record} is void", next="Take the record that stands in its place")
        if record.program_id is not None and (program is None or record.program_id != program.id):
            raise Refused(f"{record} belongs to another program", allowed=str(program or "records of no program"))
        by_type.setdefault(type(record), []).append(record)
    for model, records in by_type.items():
        _check_versions(model, records)
    marked = stale_causes(r.id for r in basis) if basis else {}
    if marked:
        first = next(r for r in basis if r.id in marked)
        raise Refused(
            f"{first} stands on data changed since", given="stale", next="Renew it first, then repeat the step"
        )


def _check_versions(model: type[Record], records: Sequence[Record]) -> None:
    now = dict(model._default_manager.filter(pk__in=[r.pk for r in records]).values_list("pk", "version"))
    for record in records:
        if now.get(record.pk) != record.version:
            raise Conflict(
                f"{record} was changed since it was read", given=f"version {record.version}",
                allowed=f"version {now.get(record.pk)}", next="Read it again and repeat the step",
            )  # fmt: skip
