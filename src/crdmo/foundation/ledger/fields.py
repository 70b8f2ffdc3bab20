"""Column types that keep exactly what was written: measured values as text, JSON as canonical bytes."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from crdmo.proof import canonical

MEASURED = re.compile(r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?\Z")


class MeasuredField(models.CharField):  # type: ignore[type-arg]
    """A measured value as decimal text: `99.80` stays `99.80` and is not `99.8`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 40)
        super().__init__(*args, **kwargs)

    def validate_text(self, value: str) -> None:
        """Refuse what is not a plain decimal number with a point.

        Raises:
            ValidationError: says what was given and what is allowed.
        """
        if value and not MEASURED.match(value):
            raise ValidationError(f"given: {value!r}; allowed: a decimal number with a point, such as 99.80")

    def validate(self, value: Any, model_instance: Any) -> None:
        """Validate as a form or model would."""
        super().validate(value, model_instance)
        self.validate_text(value)


class CanonicalJSONField(models.TextField):  # type: ignore[type-arg]
    """JSON kept as its RFC 8785 text, so that both databases give back the same bytes."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        """Return the value that was stored."""
        return None if value is None else canonical.decode(value)

    def to_python(self, value: Any) -> Any:
        """Return JSON values as they are; text is not parsed."""
        return value

    def get_prep_value(self, value: Any) -> str | None:
        """Return the canonical text.

        Raises:
            CanonicalError: the value is not JSON that RFC 8785 can write.
        """
        return None if value is None else canonical.encode(value).decode()

    def value_to_string(self, obj: Any) -> str:
        """Return the canonical text for serialisers."""
        return self.get_prep_value(self.value_from_object(obj)) or "null"
