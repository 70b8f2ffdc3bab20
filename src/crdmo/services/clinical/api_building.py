"""Routes that build a trial: plan it, draft its protocol piece by piece, amend it, write its edit checks. A person approves it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from ninja import Router, Schema
from pydantic import Field

from crdmo.common.routes import Given, Header, LongText, ProgramCode, Text, header, permission
from crdmo.common.studies.models import Activity, ProtocolVersion, Study
from crdmo.common.studies.queries import changes_of, design_of, in_force, latest_protocol
from crdmo.foundation.refusals import Invalid, NotFound

from . import queries
from .checks import read_values
from .expressions import FIRES, HOLDS, read_expression, tried, words_of
from .models import EditCheck
from .workflow import building, design

router = Router()
# Days and counts as a trial has them; a number that no database holds is refused at the door.
Small = Annotated[int, Field(ge=0, le=100_000)]
Day = Annotated[int, Field(ge=-100_000, le=100_000)]


class Criterion(Given):
    """A criterion of eligibility; kind is in or out."""

    code: Text
    kind: Text
    text: Text


class Endpoints(Given):
    """The item that is compared, from which visit to which, and the category of event of the analysis of time."""

    form: Text
    item: Text
    baseline: Text
    visit: Text
    event: Text


class Plan(Given):
    """A trial to plan."""

    code: Text
    title: Text
    phase: Text
    indication: Text
    target: Small
    strata: list[Text]
    criteria: list[Criterion]
    endpoints: Endpoints


class Planned(Header):
    """A trial that was planned."""

    code: str
    title: str
    state: str


@router.post("/plan", url_name="clinical_plan", response=Planned)
@permission("clinical.plan_trial")
def plan(request: Any, program: ProgramCode, given: Plan) -> dict[str, Any]:
    """Plan a trial."""
    made = design.plan_trial(request.person, request.program, **given.model_dump())
    return {**header(made), "code": made.code, "title": made.title, "state": made.state}


class Protocol(Header):
    """A version of a protocol with its design, what it changes, and what it still lacks."""

    number: int
    state: str
    text: str
    reason: str
    design: dict[str, Any]
    changes: list[dict[str, Any]]
    missing: dict[str, str]


def _protocol(one: ProtocolVersion) -> dict[str, Any]:
    is_draft = one.state == ProtocolVersion.State.DRAFT
    return {
        **header(one), "number": one.number, "state": one.state, "text": one.text, "reason": one.reason,
        "design": design_of(one.study, one),
        "changes": (one.changes or changes_of(one)) if one.is_amendment else [],
        "missing": building.missing(one.study, one) if is_draft else {},
    }  # fmt: skip


def _latest(study: Study) -> ProtocolVersion:
    found = latest_protocol(study)
    if found is None:
        raise NotFound("the trial has no protocol yet", given=study.code)
    return found


@router.get("/trials/{study}/protocol", url_name="clinical_protocol", response=Protocol)
@permission("clinical.view")
def protocol(request: Any, program: ProgramCode, study: str) -> dict[str, Any]:
    """Return the last version of the protocol, in force or on its way."""
    return _protocol(_latest(queries.trial(request.program, study)))


class Because(Given):
    """Why a draft is changed."""

    reason: Text = building.WORKED_ON


class Draft(Given):
    """A protocol, or an amendment of the one in force with its reason."""

    text: LongText
    reason: Text = ""


@router.post("/trials/{study}/protocol/draft", url_name="clinical_draft", response=Protocol)
@permission("clinical.draft_protocol")
def draft(request: Any, program: ProgramCode, study: str, given: Draft) -> dict[str, Any]:
    """Begin the protocol, or an amendment of the one in force."""
    found = queries.trial(request.program, study)
    return _protocol(building.draft_protocol(request.person, found, text=given.text, reason=given.reason))


class ArmGiven(Given):
    """An arm."""

    code: Text
    name: Text
    ratio: Small = 1
    treatment: Text = ""
    dose: Text = ""
    unit: Text = ""
    is_control: bool = False


@router.post("/trials/{study}/protocol/arms", url_name="clinical_arm_add", response=Protocol)
@permission("clinical.add_arm")
def arm(request: Any, program: ProgramCode, study: str, given: ArmGiven) -> dict[str, Any]:
    """Add an arm to the draft of the first version."""
    found = queries.trial(request.program, study)
    building.add_arm(request.person, found, given.model_dump())
    return _protocol(_latest(found))


class EpochGiven(Given):
    """An epoch."""

    code: Text
    name: Text


@router.post("/trials/{study}/protocol/epochs", url_name="clinical_epoch_add", response=Protocol)
@permission("clinical.add_epoch")
def epoch(request: Any, program: ProgramCode, study: str, given: EpochGiven) -> dict[str, Any]:
    """Add an epoch to the draft."""
    found = queries.trial(request.program, study)
    building.add_epoch(request.person, found, given.model_dump())
    return _protocol(_latest(found))


class VisitGiven(Because):
    """A visit with its window in days."""

    name: Text
    day: Day
    epoch: Text
    before: Small = 0
    after: Small = 0


@router.put("/trials/{study}/protocol/visits/{visit}", url_name="clinical_visit_put", response=Protocol)
@permission("clinical.put_visit")
def visit_put(request: Any, program: ProgramCode, study: str, visit: str, given: VisitGiven) -> dict[str, Any]:
    """Put a visit into the draft, or in the place of the one of its code."""
    found = queries.trial(request.program, study)
    row = given.model_dump()
    reason = row.pop("reason")
    building.put_visit(request.person, found, {**row, "code": visit}, reason=reason)
    return _protocol(_latest(found))


class ItemGiven(Given):
    """An item: kind is decimal, choice, date or text; the unit a UCUM code."""

    code: Text
    name: Text
    kind: Text
    unit: Text = ""
    choices: list[Text] = []
    min: Text = ""
    max: Text = ""
    required: bool = False


class FormGiven(Because):
    """A form with its items."""

    name: Text
    domain: Text = ""
    items: list[ItemGiven]


@router.put("/trials/{study}/protocol/forms/{form}", url_name="clinical_form_put", response=Protocol)
@permission("clinical.put_form")
def form_put(request: Any, program: ProgramCode, study: str, form: str, given: FormGiven) -> dict[str, Any]:
    """Put a form into the draft, or in the place of the one of its code."""
    found = queries.trial(request.program, study)
    items = [{key: value for key, value in one.model_dump().items() if value} for one in given.items]
    more = {"name": given.name, "domain": given.domain, "reason": given.reason}
    building.put_form(request.person, found, code=form, items=items, **more)
    return _protocol(_latest(found))


class Due(Because):
    """By code of visit, the codes of the forms that are due at it."""

    due: dict[str, list[Text]]


@router.put("/trials/{study}/protocol/schedule", url_name="clinical_schedule", response=Protocol)
@permission("clinical.schedule_forms")
def schedule(request: Any, program: ProgramCode, study: str, given: Due) -> dict[str, Any]:
    """Set the schedule of activities of the draft whole."""
    found = queries.trial(request.program, study)
    building.schedule_forms(request.person, found, given.due, reason=given.reason)
    return _protocol(_latest(found))


class Piece(Because):
    """A piece to take out: kind is arm, epoch, visit or form."""

    kind: Text
    code: Text


@router.post("/trials/{study}/protocol/take-out", url_name="clinical_take_out", response=Protocol)
@permission("clinical.take_out")
def take_out(request: Any, program: ProgramCode, study: str, given: Piece) -> dict[str, Any]:
    """Take a piece out of the draft."""
    found = queries.trial(request.program, study)
    building.take_out(request.person, found, kind=given.kind, code=given.code, reason=given.reason)
    return _protocol(_latest(found))


@router.post("/trials/{study}/protocol/offer", url_name="clinical_offer", response=Protocol)
@permission("clinical.offer_protocol")
def offer(request: Any, program: ProgramCode, study: str) -> dict[str, Any]:
    """Offer the draft for approval."""
    return _protocol(building.offer_protocol(request.person, queries.trial(request.program, study)))


class Why(Given):
    """A reason that has to be given."""

    reason: Text


class Discarded(Header):
    """A version that was given up."""

    number: int


@router.post("/trials/{study}/protocol/discard", url_name="clinical_discard", response=Discarded)
@permission("clinical.discard_protocol")
def discard(request: Any, program: ProgramCode, study: str, given: Why) -> dict[str, Any]:
    """Discard the version that is not in force."""
    found = _latest(queries.trial(request.program, study))
    made = building.discard_protocol(request.person, found, reason=given.reason)
    return {**header(made), "number": made.number}


class CheckLine(Header):
    """An edit check as it is written."""

    code: str
    form: str
    expression: str
    message: str
    hard: bool


class Checks(Schema):
    """The edit checks of a trial."""

    items: list[CheckLine]


def _check(one: EditCheck) -> dict[str, Any]:
    return {
        **header(one), "code": one.code, "form": one.form.code, "expression": words_of(one), "message": one.message,
        "hard": one.is_hard,
    }  # fmt: skip


@router.get("/trials/{study}/checks", url_name="clinical_checks", response=Checks)
@permission("clinical.view_subjects")
def checks(request: Any, program: ProgramCode, study: str) -> dict[str, Any]:
    """List the edit checks."""
    found = queries.trial(request.program, study)
    rows = EditCheck.objects.filter(study=found, is_void=False).select_related("form").order_by("code")
    return {"items": [_check(one) for one in rows]}


class Tried(Given):
    """An expression over the items of a form, and values with which it holds and with which it fires."""

    form: Text
    expression: Text
    holds: dict[str, Text]
    fires: dict[str, Text]


class Said(Schema):
    """What a check does with each example: holds, fires, or says nothing."""

    holds: str
    fires: str


def _row(study: Study, given: Tried) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    """Return the parts of a check, the items of its form, and its examples as values."""
    version = latest_protocol(study)
    papers = {one.code: one for one in in_force(study, Activity, version)} if version else {}
    if given.form not in papers:
        allowed = ", ".join(papers) or "none yet"
        raise Invalid("there is no such form in the protocol", errors={"form": allowed}, given=given.form)
    items = papers[given.form].items
    rule = read_expression(given.expression, items)
    examples = {
        name: read_values(items, values, dt.date.max) for name, values in ((HOLDS, given.holds), (FIRES, given.fires))
    }
    return {"form": given.form, **rule.__dict__}, items, examples


@router.post("/trials/{study}/checks/try", url_name="clinical_check_try", response=Said)
@permission("clinical.add_checks")
def check_try(request: Any, program: ProgramCode, study: str, given: Tried) -> dict[str, str]:
    """Try an expression with values; nothing is saved."""
    _, items, examples = _row(queries.trial(request.program, study), given)
    rule = read_expression(given.expression, items)
    return {name: tried(items, rule, values) for name, values in examples.items()}


class CheckGiven(Tried):
    """An edit check. It is saved only when it does with its examples what was said."""

    code: Text
    message: Text
    hard: bool = False


@router.post("/trials/{study}/checks/add", url_name="clinical_check_add", response=CheckLine)
@permission("clinical.add_checks")
def check_add(request: Any, program: ProgramCode, study: str, given: CheckGiven) -> dict[str, Any]:
    """Add an edit check."""
    found = queries.trial(request.program, study)
    row, _, examples = _row(found, given)
    more = {"code": given.code, "message": given.message, "is_hard": given.hard, "examples": examples}
    return _check(design.add_checks(request.person, found, [{**row, **more}])[0])


@router.post("/trials/{study}/checks/{uuid:key}/retire", url_name="clinical_check_retire", response=CheckLine)
@permission("clinical.retire_check")
def check_retire(request: Any, program: ProgramCode, study: str, key: UUID, given: Why) -> dict[str, Any]:
    """Retire an edit check; the queries that it opened stay."""
    rows = EditCheck.objects.filter(study=queries.trial(request.program, study), pk=key).select_related("form")
    found = rows.first()
    if found is None:
        raise NotFound("there is no such check", given=str(key))
    return _check(design.retire_check(request.person, found, reason=given.reason))
