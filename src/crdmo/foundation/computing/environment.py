"""What a number was computed with: the code of its method, byte by byte, and the machine it ran on."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import os
import platform
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import crdmo
from crdmo.science.method import Method

PURE = "crdmo.science"
LIBRARIES = ("numpy", "scipy", "polars")


def code_hash(method: Method) -> str:
    """Return the SHA-256 over the package's version and the source of the method's module with all it imports there."""
    return _code_hash(method.function.__module__)


@cache
def _code_hash(module: str) -> str:
    digest = hashlib.sha256(f"crdmo {crdmo.__version__}\n".encode())
    for name, source in sorted(_sources(module).items()):
        digest.update(f"{name} {hashlib.sha256(source).hexdigest()}\n".encode())
    return digest.hexdigest()


def _sources(module: str) -> dict[str, bytes]:
    """Return the source of a module and of every module of the pure floor that it reaches by imports."""
    found: dict[str, bytes] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        place = _file(name)
        if name in found or place is None:
            continue
        found[name] = place.read_bytes()
        # A method outside the pure floor exists in tests only; its own source counts, what it imports does not.
        waiting += [other for other in _imports(found[name], name, place) if other.startswith(PURE)]
    return found


def _file(module: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(module)
    except (ModuleNotFoundError, ValueError):
        return None
    return Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None


def _imports(source: bytes, module: str, place: Path) -> Iterator[str]:
    package = module if place.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


@lru_cache(maxsize=1)
def environment() -> dict[str, Any]:
    """Return the interpreter, libraries, machine and threads of this process."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        "crdmo": crdmo.__version__,
        "python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
        "blas": f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "threads": {
            "cpu": os.cpu_count() or 1,
            "polars": pl.thread_pool_size(),
            "omp": os.environ.get("OMP_NUM_THREADS", ""),
        },
    }
