"""Whatever fits the description is answered as described, and whatever does not is refused: schemathesis, in this process."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings

from crdmo.services.quality.models import Reading
from crdmo.wsgi import application

EXAMPLES = 6


@pytest.fixture
def headers(lab, ask) -> dict[str, str]:
    """Fill the laboratory, so that there is something to find, and return what opens it."""
    lab.tested(lab.lot())
    return ask().headers


@pytest.fixture
def described(headers: dict[str, str]) -> Any:
    from schemathesis.specs.openapi import checks

    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application, headers=headers)
    # What fits the description can still be refused by a rule of the workflow.
    return schema, [checks.positive_data_acceptance]


def real(path: str) -> dict[str, Any]:
    """Return places of an address that exist, so that more than 404 is met."""
    given = {"program": "CRD-101"} if "{program}" in path else {}
    if "/readings/{key}" in path:
        given["key"] = str(Reading.objects.values_list("pk", flat=True)[0])
    if "/lots/{code}" in path:
        given["code"] = "L-1"
    return given


@pytest.mark.drill
@pytest.mark.parametrize("method", ["get", "post"])
def test_every_operation_answers_as_it_is_described(described, headers, method: str) -> None:
    schema, beside = described
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.method.lower() != method:
            continue
        places = real(operation.path)
        for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):
            asked += _ask(operation, mode, places, headers, beside)
    assert asked > 10 * EXAMPLES


def _ask(operation: Any, mode: Any, places: dict[str, Any], headers: dict[str, str], beside: list[Any]) -> int:
    from hypothesis import given, seed

    asked = 0

    @seed(20261124)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def one(case: Any) -> None:
        nonlocal asked
        if mode is schemathesis.GenerationMode.POSITIVE:
            case.path_parameters.update(places)
        case.headers.update(headers)
        case.call_and_validate(excluded_checks=beside)
        asked += 1

    one()
    return asked
