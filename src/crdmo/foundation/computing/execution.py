"""Running a method on stored inputs. Pure: the same function serves the system and a proof bundle on a bare machine.

Inputs are plain JSON. Where a column is long it stays in its sealed dataset and the inputs only point to it:

    {"values": {"dataset": "sha256:…", "column": "assay", "where": {"batch": "A"}}}
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import polars as pl

from crdmo.proof import canonical
from crdmo.science import method as methods
from crdmo.science.method import MethodError

OpenBlob = Callable[[str], bytes]
SEED_LIMIT = 2**32


def is_reference(value: Any) -> bool:
    """Say whether an input points to a dataset."""
    return (
        isinstance(value, Mapping) and isinstance(value.get("dataset"), str) and value["dataset"].startswith("sha256:")
    )


def datasets_in(value: Any) -> Iterator[str]:
    """Yield the names of the datasets that inputs point to."""
    if is_reference(value):
        yield value["dataset"]
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from datasets_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from datasets_in(inner)


def resolve(value: Any, open_blob: OpenBlob) -> Any:
    """Return inputs with every reference to a dataset replaced by its values.

    Raises:
        MethodError: a reference asks for a column that is not there, or says nothing about what it wants.
    """
    if is_reference(value):
        return _read(value, open_blob)
    if isinstance(value, Mapping):
        return {key: resolve(inner, open_blob) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [resolve(inner, open_blob) for inner in value]
    return value


def _read(reference: Mapping[str, Any], open_blob: OpenBlob) -> Any:
    if unknown := set(reference) - {"dataset", "column", "columns", "rows", "where"}:
        raise MethodError("a reference to a dataset is not well formed", given=", ".join(sorted(unknown)),
                          allowed="dataset with column, columns or rows, and where")  # fmt: skip
    where = reference.get("where") or {}
    wanted = [reference["column"]] if "column" in reference else list(reference.get("columns") or [])
    frame = pl.scan_parquet(io.BytesIO(open_blob(reference["dataset"])))
    have = frame.collect_schema().names()
    if missing := [name for name in (*wanted, *where) if name not in have]:
        raise MethodError("the dataset has no such column", given=", ".join(missing), allowed=", ".join(have))
    rows = frame.filter(*(pl.col(name) == value for name, value in where.items())) if where else frame
    if "column" in reference:
        return rows.select(wanted).collect()[wanted[0]].to_list()
    if wanted:
        return rows.select(wanted).collect().to_dict(as_series=False)
    if reference.get("rows") is True:
        return rows.collect().to_dicts()
    raise MethodError("a reference to a dataset does not say what it wants", allowed="column, columns or rows: true")


def default_seed(name: str, inputs: Any, parameters: Any) -> int:
    """Return the seed of a random method for which none is given.

    It follows from the method and its data, so that nobody can draw seeds until the answer pleases.
    """
    text = canonical.encode({"method": name, "inputs": inputs, "parameters": parameters})
    return int.from_bytes(hashlib.sha256(b"crdmo seed\n" + text).digest()[:4], "big") % SEED_LIMIT


def execute(
    name: str, inputs: Mapping[str, Any], parameters: Mapping[str, Any], seed: int | None, open_blob: OpenBlob
) -> Any:
    """Run a method and return its result as the JSON that is stored: what comes back from the canonical bytes.

    Raises:
        MethodError: the method refuses, or its result cannot be written as JSON.
    """
    given = dict(parameters) if seed is None else {**parameters, "seed": seed}
    made = methods.to_json(methods.call(name, resolve(inputs, open_blob), given))
    try:
        return canonical.decode(canonical.encode(made))
    except ValueError as error:
        raise MethodError(f"the result of {name} cannot be stored", given=str(error)) from error


def digest(value: Any) -> str:
    """Return the SHA-256 of a value's canonical bytes, in hexadecimal."""
    return hashlib.sha256(canonical.encode(value)).hexdigest()
