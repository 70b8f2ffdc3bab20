"""The profile of the product, its quality attributes, the operations and their parameters: added, changed, withdrawn."""

from __future__ import annotations

from typing import Any

from crdmo.common.codes import next_code
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.science.quality.limits import Limit

from ..models import (
    Attribute,
    Parameter,
    ProfileElement,
    RiskLine,
    StrategyLine,
    StudyFactor,
    StudyResponse,
    UnitOperation,
)
from .desks import ENGINEERS, range_problem, refuse, required, unit_problem

# What stands on a part, and by which field.
USES: dict[type[Any], tuple[tuple[Any, str], ...]] = {
    ProfileElement: ((Attribute, "element"),),
    Attribute: ((RiskLine, "attribute"), (StudyResponse, "attribute"), (StrategyLine, "attribute")),
    UnitOperation: ((Parameter, "operation"),),
    Parameter: ((RiskLine, "parameter"), (StudyFactor, "parameter"), (StrategyLine, "parameter")),
}


def _taken(model: Any, program: Program, name: str) -> dict[str, str]:
    taken = model.objects.filter(program=program, name=name.strip(), is_void=False).exists()
    return {"name": f"{name.strip()} is taken in this program"} if taken else {}


def same_program(*pairs: tuple[Any, Program | None]) -> None:
    """Say nothing if every record stands in this program and is not void.

    Raises:
        Refused: names the one that is not.
    """
    for record, program in pairs:
        if record.program_id != getattr(program, "id", None) or record.is_void:
            raise Refused(f"{record} is not in this program", next="Choose one of this program that is not withdrawn")


@verb("process.add_element", "add to the quality target product profile", roles=ENGINEERS)
def add_element(act: Act, program: Program, *, name: str, target: str, source: str) -> ProfileElement:
    """Add an element of the profile with its target and the source of it."""
    refuse(
        "this element of the profile is not complete",
        {**required(name=name, target=target, source=source), **_taken(ProfileElement, program, name)},
    )
    code = next_code(act, ProfileElement, "QTPP", program)
    values = {"name": name.strip(), "target": target.strip(), "source": source.strip()}
    return act.create(ProfileElement, program=program, code=code, **values)


@verb("process.add_attribute", "add a quality attribute", roles=ENGINEERS)
def add_attribute(
    act: Act, element: ProfileElement, *, name: str, unit: str, criterion: str, severity: int, justification: str
) -> Attribute:
    """Add a quality attribute that serves an element of the profile."""
    program = element.program
    assert program is not None
    same_program((element, program))
    errors = {
        **required(name=name, criterion=criterion, justification=justification),
        **_taken(Attribute, program, name),
        **_limit_error(criterion),
    }
    if not 1 <= severity <= 10:
        errors["severity"] = f"given {severity}; allowed: 1 to 10"
    if unit and (problem := unit_problem(unit)):
        errors["unit"] = problem
    refuse("this attribute is not complete", errors)
    return act.create(
        Attribute,
        program=program,
        code=next_code(act, Attribute, "CQA", program),
        element=element,
        name=name.strip(),
        unit=unit,
        criterion=criterion.strip(),
        severity=severity,
        justification=justification.strip(),
    )


def _limit_error(criterion: str) -> dict[str, str]:
    try:
        Limit.parse(criterion)
    except ValueError as error:
        return {"criterion": str(error)}
    return {}


@verb("process.add_operation", "add a unit operation", roles=ENGINEERS)
def add_operation(act: Act, program: Program, *, name: str, description: str = "") -> UnitOperation:
    """Add a step at the end of the process."""
    refuse("this operation is not complete", {**required(name=name), **_taken(UnitOperation, program, name)})
    position = UnitOperation.objects.filter(program=program).count() + 1
    return act.create(
        UnitOperation, program=program, position=position, name=name.strip(), description=description.strip()
    )


@verb("process.add_parameter", "add a process parameter", roles=ENGINEERS)
def add_parameter(act: Act, operation: UnitOperation, *, name: str, unit: str, low: str, high: str) -> Parameter:
    """Add a parameter of an operation with the range in which it can be set."""
    program = operation.program
    assert program is not None
    same_program((operation, program))
    errors = {**required(name=name), **_taken(Parameter, program, name)}
    if problem := unit_problem(unit):
        errors["unit"] = problem
    if problem := range_problem(low, high):
        errors["low"] = problem
    refuse("this parameter is not complete", errors)
    return act.create(
        Parameter,
        program=program,
        code=next_code(act, Parameter, "CPP", program),
        operation=operation,
        name=name.strip(),
        unit=unit,
        low=low.strip(),
        high=high.strip(),
    )


@verb("process.withdraw", "withdraw an element, attribute, operation or parameter", roles=ENGINEERS)
def withdraw(
    act: Act, record: ProfileElement | Attribute | UnitOperation | Parameter
) -> ProfileElement | Attribute | UnitOperation | Parameter:
    """Void what was added in error, with a reason, as long as nothing stands on it."""
    for model, place in USES[type(record)]:
        found = model.objects.filter(**{place: record}, is_void=False).first()
        if found is not None:
            raise Refused(f"{found} stands on {record}", given=found._meta.verbose_name, next="Withdraw that first")
    if not act.reason:
        raise Invalid("it is withdrawn with a reason", errors={"reason": "say why"})
    return act.void(record)
