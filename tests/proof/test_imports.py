"""The proof stands alone: it is imported where Django cannot be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from crdmo import proof

BLOCK = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked!r}:
            raise ImportError(name + " is blocked")
sys.meta_path.insert(0, Block())
"""
MODULES = sorted(place.stem for place in Path(proof.__file__).parent.glob("[!_]*.py"))


def run(code: str, *blocked: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BLOCK.format(blocked=blocked) + code]
    environment = {"PYTHONPATH": str(Path(proof.__file__).parents[2])}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_every_module_is_imported_without_django_and_the_numeric_packages() -> None:
    code = "import crdmo.proof\n" + "\n".join(f"import crdmo.proof.{name}" for name in MODULES)
    done = run(code, "django", "ninja", "numpy", "polars", "pyarrow", "scipy")
    assert done.returncode == 0, done.stderr
    assert len(MODULES) >= 8


def test_the_verifier_is_imported_without_any_package() -> None:
    done = run("import crdmo.proof.verify", "django", "rfc8785", "cryptography", "numpy")
    assert done.returncode == 0, done.stderr


def test_the_block_blocks() -> None:
    assert "rfc8785 is blocked" in run("import crdmo.proof.canonical", "rfc8785").stderr
