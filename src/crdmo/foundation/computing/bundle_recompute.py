"""Every number of a proof bundle, computed again on any machine that has the package: no database, no Django.

    python -m crdmo.foundation.computing.bundle_recompute bundle.zip

Whether the bundle is what the ledger holds is for `verify.py` inside it; this says whether its numbers come out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crdmo.proof import canonical
from crdmo.proof.bundle import Bundle, read_bundle

from .comparison import Outcome, Verdict
from .recomputation import Stored, recompute_stored

RESULT = "computing.result"


@dataclass(frozen=True)
class BundleItem:
    """One result of a bundle and what its recomputation found."""

    record: str
    version: int
    title: str
    method: str
    outcome: Outcome


@dataclass(frozen=True)
class BundleReport:
    """All results of a bundle."""

    items: tuple[BundleItem, ...]

    @property
    def came_out(self) -> bool:
        """Whether every number came out again; one that cannot be recomputed here did not."""
        return all(item.outcome.came_out for item in self.items)

    def counts(self) -> dict[str, int]:
        """Return how many results had which outcome."""
        return {verdict.value: sum(item.outcome.verdict is verdict for item in self.items) for verdict in Verdict}

    def lines(self) -> Iterator[str]:
        """Yield the report as text."""
        for item in self.items:
            record = f"record {item.record} version {item.version}"
            yield f"{item.title} ({item.method}, {record}): {item.outcome.sentence()}"
        told = ", ".join(f"{number} {word}" for word, number in self.counts().items() if number)
        yield f"{len(self.items)} results: {told or 'none'}"

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain JSON."""
        rows = [
            {"record": i.record, "version": i.version, "title": i.title, "method": i.method, **i.outcome.as_json()}
            for i in self.items
        ]
        return {"came_out": self.came_out, "counts": self.counts(), "results": rows}


def recompute_bundle(path: Path, *, every_version: bool = False) -> BundleReport:
    """Recompute the results of a bundle: the last version of each that is not void, or every version.

    Raises:
        ValueError: the file is no bundle.
    """
    bundle = read_bundle(path)
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for entry in bundle.entries():
        body = canonical.decode(entry.body)
        if body["type"] == RESULT:
            found[(body["record"], body["version"] if every_version else 0)] = body
    return BundleReport(tuple(_item(bundle, body) for body in found.values() if body["operation"] != "void"))


def _item(bundle: Bundle, body: dict[str, Any]) -> BundleItem:
    state = body["state"]
    try:
        outcome = recompute_stored(_stored(bundle, state), bundle.blob)
    except KeyError as missing:
        outcome = Outcome(Verdict.IMPOSSIBLE, 0.0, notes=(f"not in the bundle: {missing.args[0]}",))
    except ValueError as altered:
        outcome = Outcome(Verdict.IMPOSSIBLE, 0.0, notes=(str(altered),))
    return BundleItem(body["record"], body["version"], state["title"], state["method"], outcome)


def _stored(bundle: Bundle, state: dict[str, Any]) -> Stored:
    def whole(name: str) -> Any:
        blob = state[f"{name}_blob"]
        return canonical.decode(bundle.blob(blob)) if blob else state[f"{name}_here"]

    return Stored(
        method=state["method"], method_version=state["method_version"], inputs=whole("inputs"),
        parameters=state["parameters"], seed=state["seed"], output=whole("output"), input_hash=state["input_hash"],
        output_hash=state["output_hash"], code_hash=state["code_hash"], environment=state["environment"],
    )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Recompute a bundle from the command line: 0 when every number came out, 4 when one did not, 2 for wrong use."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    paths = [word for word in given if not word.startswith("--")]
    if len(paths) != 1:
        sys.stderr.write("use: python -m crdmo.foundation.computing.bundle_recompute bundle.zip [--json]\n")
        return 2
    try:
        report = recompute_bundle(Path(paths[0]))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    text = json.dumps(report.as_json(), indent=1) if as_json else "\n".join(report.lines())
    sys.stdout.write(text + "\n")
    return 0 if report.came_out else 4


if __name__ == "__main__":
    sys.exit(main())
