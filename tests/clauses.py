"""Which regulatory clause is shown by which test: docs/builders/part11.md, made from the markers.

    python -m tests.clauses            # write the page
    python -m tests.clauses --check    # exit code 1 if it is not up to date

The markers are read from the source text, so nothing has to be run or installed.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parent
PAGE = TESTS.parent / "docs" / "builders" / "part11.md"
HEAD = """# Clauses and the tests that show them

Made by `python -m tests.clauses` from the markers `@pytest.mark.clause(…)` of the tests; do not edit it by hand. A
clause that is not listed is not shown by a test. What a clause asks of an organization (procedures, training,
validation of the installation) no test of a program can show.

{count} markers name {clauses} clauses.
"""


def marks(node: ast.AST) -> Iterator[str]:
    """Yield the clauses that an expression marks."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and inner.func.attr == "clause":
            for argument in inner.args:
                if isinstance(argument, ast.Constant):
                    yield str(argument.value)


def found(path: Path) -> Iterator[tuple[str, str]]:
    """Yield clause and test of one file; a mark on the module counts for each of its tests."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    set_here = [node for node in tree.body if isinstance(node, ast.Assign)]
    on_module = [n for n in set_here if any(getattr(target, "id", "") == "pytestmark" for target in n.targets)]
    whole = [clause for node in on_module for clause in marks(node.value)]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            own = [clause for decorator in node.decorator_list for clause in marks(decorator)]
            for clause in dict.fromkeys([*whole, *own]):
                yield clause, node.name


def order(clause: str) -> list[tuple[int, str]]:
    """Sort clauses as people number them."""
    return [(int(part), "") if part.isdigit() else (10**9, part) for part in re.split(r"(\d+)", clause) if part]


def page() -> str:
    """Return the page."""
    tests: dict[str, list[tuple[str, Path]]] = defaultdict(list)
    for path in sorted(TESTS.rglob("test_*.py")):
        for clause, name in found(path):
            tests[clause].append((name, path))
    lines = [HEAD.format(count=sum(map(len, tests.values())), clauses=len(tests))]
    for clause in sorted(tests, key=order):
        lines.append(f"## {clause}\n")
        for name, path in tests[clause]:
            place = path.relative_to(TESTS.parent).as_posix()
            lines.append(f"* {name.removeprefix('test_').replace('_', ' ')} ([`{path.name}`](../../{place}))")
        lines.append("")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Write the page, or check it."""
    made = page()
    if "--check" in arguments:
        fits = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == made
        print("up to date" if fits else f"{PAGE} is not up to date: python -m tests.clauses")
        return 0 if fits else 1
    PAGE.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
