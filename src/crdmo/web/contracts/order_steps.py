"""What can be done on the page of an order: sign, add to a draft, invoice, file receipts, log, hold, lift."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from crdmo.common.engagements import queries, workflow
from crdmo.common.engagements.conditions import CONDITIONS
from crdmo.common.engagements.models import Agreement, WorkOrder
from crdmo.common.engagements.workflow.desks import sides_of
from crdmo.foundation.refusals import Invalid, NotFound

from ..request import PageRequest
from ..stepping import Step
from . import forms


def sign(request: PageRequest, found: WorkOrder | Agreement) -> Step:
    """Return the step by which a party signs an order or an agreement."""
    who = request.person
    is_order = isinstance(found, WorkOrder)
    verb = "engagements.sign_work_order" if is_order else "engagements.sign_agreement"
    put: Any = workflow.sign_work_order if is_order else workflow.sign_agreement
    open_here = found.state == "draft" and who.organization_id not in sides_of(found)
    return Step(
        "sign", f"Sign for {who.organization}", verb,
        lambda given, signed: put(who, found, credentials=signed.credentials), ready=open_here, signs=found, done="Signed.",
    )  # fmt: skip


def _parameters(text: str) -> dict[str, str]:
    """Return `lot=VT-2601; code=X` as parameters.

    Raises:
        Invalid: a part has no equals sign.
    """
    made = {}
    for part in filter(None, (one.strip() for one in re.split(r"[;\n]", text))):
        name, equals, value = part.partition("=")
        if not equals or not value.strip():
            raise Invalid("a parameter has a name and a value", errors={"parameters": "name=value"}, given=part)
        made[name.strip()] = value.strip()
    return made


def steps(request: PageRequest, order: WorkOrder) -> list[Step]:
    """Return the steps that an order offers to whoever looks at it."""
    who, signed_, draft = request.person, order.state == "signed", order.state == "draft"
    ours = order.agreement.partner_id == who.organization_id
    theirs = order.organization_id == who.organization_id
    asked = [("", "Choose"), *((one.name, one.says) for one in CONDITIONS.values())]
    plan = [("", "Nothing"), *((one.name, one.name) for one in order.plan.filter(is_void=False).order_by("position"))]
    met = {str(m.milestone.position): m for m in queries.milestones(order)}
    items = queries.billable(order) if signed_ and ours else []
    passing = {str(x.line.position): x.line for x in queries.current_lines(order) if x.line.pass_through}
    outside = {one.code: one for one in order.out_of_scope.filter(state="open", is_void=False)}
    today = dt.datetime.now(dt.UTC).date()

    def hold(given: Any, signed: Any) -> None:
        if given["milestone"] not in met:
            raise NotFound("there is no such milestone", given=given["milestone"])
        one = met[given["milestone"]].milestone
        workflow.hold_milestone(who, one, credentials=signed.credentials, reason=given["reason"])

    def plan_line(given: Any, _: Any) -> None:
        links = [{"after": given["after"], "kind": given["kind"], "lag": given["lag"]}] if given["after"] else []
        values = {k: v for k, v in given.items() if k not in ("after", "kind", "lag")}
        workflow.add_plan_line(who, order, **{**values, "parameters": _parameters(given["parameters"]), "links": links})

    def receipt(given: Any, _: Any) -> None:
        file = given.pop("file")
        if given["line"] not in passing:
            raise NotFound("there is no such line", given=given["line"])
        line = passing[given.pop("line")]
        more = {"file_name": file.name[:160], "file": file.read()} if file else {}
        workflow.file_receipt(who, line, **given, **more)

    def decline(given: Any, _: Any) -> None:
        if given["code"] not in outside:
            raise NotFound("there is no such work", given=given["code"])
        workflow.decline_out_of_scope(who, outside[given["code"]], reason=given["reason"])

    holds = [m.hold for m in met.values() if m.hold is not None]
    return [
        sign(request, order),
        Step(
            "milestone", "Add a milestone", "engagements.add_milestone",
            lambda given, _: workflow.add_milestone(who, order, **{**given, "parameters": _parameters(given["parameters"])}),
            forms.MilestoneForm, ready=draft and not sides_of(order), choices={"condition": asked}, done="Added.",
        ),
        Step(
            "plan", "Add a line to the plan", "engagements.add_plan_line", plan_line, forms.PlanForm,
            ready=draft and not sides_of(order),
            choices={"after": plan, "began_when": [("", "As planned"), *asked[1:]],
                     "ended_when": [("", "Not shown by a record"), *asked[1:]]},
            done="Added.",
        ),
        Step(
            "invoice", "Draft an invoice", "engagements.draft_invoice",
            lambda given, _: workflow.draft_invoice(who, order, items=given["items"]), forms.ItemsForm, ready=bool(items),
            choices={"items": [(one.key, f"{one.description}: {one.quantity} {one.unit}, {one.amount}") for one in items]},
            done="Drafted. Look at it and issue it.",
        ),
        Step(
            "receipt", "File a receipt", "engagements.file_receipt", receipt, forms.ReceiptForm,
            ready=signed_ and ours and bool(passing), initial={"currency": order.currency},
            choices={"line": [("", "Choose"), *((key, line.description) for key, line in passing.items())]}, done="Filed.",
        ),
        Step(
            "billing", "State how you are billed", "engagements.state_billing_party",
            lambda given, _: workflow.state_billing_party(who, order.program, **given), forms.BillingForm,
            ready=signed_ and (ours or theirs), done="Stated.",
        ),
        Step(
            "scope", "Log work outside the order", "engagements.log_out_of_scope",
            lambda given, _: workflow.log_out_of_scope(who, order, **given), forms.ScopeForm, ready=signed_,
            initial={"found_on": today}, done="Logged. It counts once a change order covers it.",
        ),
        Step(
            "decline", "Decline work outside the order", "engagements.decline_out_of_scope", decline, forms.DeclineForm,
            ready=bool(outside),
            choices={"code": [("", "Choose"), *((key, str(one)) for key, one in outside.items())]}, done="Declined.",
        ),
        Step(
            "hold", "Hold a milestone", "engagements.hold_milestone", hold, forms.HoldForm, ready=signed_ and theirs and bool(met),
            choices={"milestone": [("", "Choose"), *((key, m.milestone.name) for key, m in met.items() if m.hold is None)]},
            signs=next((m.milestone for m in met.values() if m.hold is None), None),
            also=[m.milestone for m in met.values() if m.hold is None][1:], done="Held.",
        ),
        *(
            Step(
                f"lift-{one.pk}", f"Lift the hold on {one.milestone}", "engagements.lift_hold",
                lambda given, signed, one=one: workflow.lift_hold(who, one, credentials=signed.credentials),  # type: ignore[misc]
                ready=theirs, signs=one, done="Lifted.",
            )
            for one in holds
        ),
    ]  # fmt: skip
