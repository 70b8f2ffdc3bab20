"""Refusals of the format, said as refusals of the workflow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from crdmo.foundation.refusals import Invalid
from crdmo.standards.refusals import FormatError


@contextmanager
def as_invalid(field: str = "") -> Iterator[None]:
    """Turn what the standard refuses into a refusal at a field of the form.

    Raises:
        Invalid: the standard refused.
    """
    try:
        yield
    except FormatError as refused:
        errors = {field: refused.what} if field else {}
        raise Invalid(
            refused.what, errors=errors, given=refused.given, allowed=refused.allowed, next=refused.next_step
        ) from refused
