"""The examples in the docstrings of the preclinical methods give what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

from crdmo.science import preclinical

MODULES = [one.name for one in pkgutil.iter_modules(preclinical.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"crdmo.science.preclinical.{name}"))
    assert found.failed == 0
