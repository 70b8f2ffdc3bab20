"""Validity by a pinned document type: the one of the catalogue, never the one that a package brings along."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from lxml import etree

from crdmo.standards.ectd import xml
from crdmo.standards.refusals import FormatError


def invalid(data: bytes, dtd: bytes, others: Mapping[str, bytes]) -> list[tuple[int, str]]:
    """Return where a document is not valid by a document type: (line, text). `others` are the modules that it names.

    Raises:
        FormatError: the document type cannot be read.
    """
    modules = tuple(sorted((name, held) for name, held in others.items() if name.endswith(".mod")))
    rules = _load(hashlib.sha256(dtd).hexdigest(), dtd, modules)
    root = xml.parse(data, "the backbone")
    if rules.validate(root):
        return []
    return [(error.line, error.message) for error in rules.error_log]


@lru_cache(maxsize=16)
def _load(digest: str, dtd: bytes, modules: tuple[tuple[str, bytes], ...]) -> etree.DTD:
    """Load a document type beside its modules, from a folder that holds nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        for name, held in modules:
            (Path(folder) / Path(name).name).write_bytes(held)
        path = Path(folder) / "type.dtd"
        path.write_bytes(dtd)
        try:
            return etree.DTD(str(path))
        except etree.DTDParseError as torn:
            raise FormatError("the document type cannot be read", given=str(torn)[:120]) from torn
