"""The contract's part of the demo: two sealed bids, the award, the order; duties and baseline; change, status, invoice.

Prices, rates and the figures of before are of the demo; only their arithmetic is meant.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from crdmo.common.engagements import queries
from crdmo.common.engagements import workflow as contracts
from crdmo.common.engagements.duty_catalogue import GMP, IND, of_chapter
from crdmo.common.engagements.models import Agreement, Request, WorkOrder
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.ledger.models import Record

from .people import Cast

PARTIES = ("m.keller", "e.castro")
CLAUSES = {
    "msa": [
        {"title": "Term", "text": "Three years, renewed in writing."},
        {"title": "Change", "text": "Work outside an order begins after a signed change order."},
    ],
    "quality": [
        {"title": "Release", "text": "The partner's qualified person certifies; the sponsor releases to market."},
        {
            "title": "Out of specification",
            "text": "The sponsor is told within one working day of a verified result out of specification.",
        },
        {"title": "Access to data", "text": "The sponsor receives a proof bundle of its program on request."},
    ],
}
# Description, unit, quantity, what earns a unit, assumptions; then the unit prices of the partner and of the other bidder.
SCOPE = (
    (
        "Specification and method transfer",
        "transfer",
        "1",
        "",
        "Two methods: assay and dissolution",
        "18500.00",
        "17200.00",
    ),
    (
        "Release testing of a lot",
        "lot",
        "3",
        "",
        "Assay, dissolution, impurities; one retest plan",
        "6400.00",
        "7350.00",
    ),
    (
        "Stability pull with testing",
        "pull",
        "24",
        "quality.pulls_drawn",
        "Three lots, eight months",
        "1150.00",
        "1380.00",
    ),
    ("Shelf-life evaluation and report", "report", "1", "", "ICH Q1E, one attribute", "7900.00", "9200.00"),
    ("Reference standards at cost", "lot", "1", "", "At the supplier's price", "2100.00", "2600.00"),
)
QUESTIONS = (
    {
        "text": "Which of your analysts have transferred a dissolution method to this compendial apparatus?",
        "weight": 25,
    },
    {"text": "What did your last inspection find, and what did you do about it?", "weight": 15},
)


def order(cast: Cast, program: Program, today: dt.date) -> WorkOrder:
    """Ask for proposals, open and award them, agree, order, and settle who is accountable and what it is measured by."""
    request = _awarded(cast, program)
    master = _agreements(cast, program, today)
    made = contracts.order_from_award(
        cast["e.castro"], request, master, starts_on=today - dt.timedelta(days=60), milestones=_milestones(today),
        plan=_plan(today),
    )  # fmt: skip
    made = contracts.sign_work_order(cast["m.keller"], made, credentials=cast.credentials("m.keller"))
    made = contracts.sign_work_order(cast["e.castro"], made, credentials=cast.credentials("e.castro"))
    _duties(cast, program, today)
    _baseline(cast, program, today)
    return made


def _both(cast: Cast, record: Any, sign: Callable[..., Any]) -> Any:
    """Let both parties sign."""
    for user_id in PARTIES:
        record = sign(cast[user_id], record, credentials=cast.credentials(user_id))
    return record


def _awarded(cast: Cast, program: Program) -> Request:
    lead, sponsor = cast["e.castro"], cast.organizations["AURELIA"]
    request = contracts.draft_request(
        lead,
        sponsor,
        program=program,
        title="Release and stability testing of Velatide tablets",
        scope="Release testing of three lots, one long-term stability study, certificates of analysis.",
        currency="EUR",
        rates={"USD": {"rate": "0.9200", "on": "2026-11-20", "source": "Reference rate stated for the demo"}},
        due_at=dt.datetime.now(dt.UTC) + dt.timedelta(days=7),
        lines=[
            {"service": "quality", "description": words, "unit": unit, "quantity": quantity, "earned_by": earned_by,
             "assumptions": assumed, "pass_through": words.endswith("at cost")}
            for words, unit, quantity, earned_by, assumed, *_ in SCOPE
        ],
        questions=QUESTIONS,
    )  # fmt: skip
    for code in ("NORTHBRIDGE", "HALDEN"):
        contracts.invite_bidder(lead, request, cast.organizations[code])
    contracts.issue_request(lead, request)
    rooms = {str(one.program and one.program.partner.code): one for one in queries.invitations_of(request)}
    asked = contracts.ask_sponsor(cast["g.osei"], rooms["HALDEN"], text="May pulls at 3 and 9 months be bracketed?")
    contracts.clarify_request(
        lead, request, answer="Price all 24 pulls. State bracketing as an assumption if you propose it.", asked=asked
    )
    contracts.submit_bid(
        cast["r.olsen"], rooms["NORTHBRIDGE"], currency="EUR", final=True, lines=_prices(5),
        answers={"q1": "Two, both on six transfers since 2022.", "q2": "Two minor observations in 2025; both CAPA closed."},
    )  # fmt: skip
    contracts.submit_bid(
        cast["g.osei"], rooms["HALDEN"], currency="USD", final=True,
        lines=_prices(6, {3: {"quantity": "18", "assumptions": "Months 3 and 9 bracketed"}}),
        answers={"q1": "One, on two transfers.", "q2": "One major observation in 2025; the CAPA is open."},
    )  # fmt: skip
    contracts.open_bids(lead, request)
    for code, marks, remark in (
        ("NORTHBRIDGE", {"q1": 9, "q2": 8}, "References called; CAPA seen"),
        ("HALDEN", {"q1": 6, "q2": 4}, "Little experience; the major observation is open"),
    ):
        contracts.score_bid(lead, request, cast.organizations[code], scores=marks, remark=remark)
    return contracts.award_request(
        lead, request, cast.organizations["NORTHBRIDGE"], credentials=cast.credentials("e.castro"),
        reason="Most points; like for like also the lower price, since the other bid leaves six pulls out",
    )  # fmt: skip


def _prices(column: int, other: dict[int, dict[str, str]] | None = None) -> list[dict[str, Any]]:
    """Return the lines of a bid; `other` are quantities that the bidder assumes differently."""
    return [
        {"position": i, "unit_price": str(row[column]), **(other or {}).get(i, {})} for i, row in enumerate(SCOPE, 1)
    ]


def _agreements(cast: Cast, program: Program, today: dt.date) -> Agreement:
    start = today - dt.timedelta(days=60)
    titles = {"quality": "Quality agreement, commercial supply", "msa": "Master services agreement"}
    for kind, title in titles.items():
        made = contracts.draft_agreement(
            cast["m.keller"], program, kind=kind, title=title, effective_from=start, clauses=CLAUSES[kind]
        )
        made = _both(cast, made, contracts.sign_agreement)
    return made


def _milestones(today: dt.date) -> list[dict[str, Any]]:
    """Return the milestones: records meet them, nobody ticks them off. The pulls are paid one by one."""
    rows: Sequence[tuple[str, str, dict[str, str], int, str]] = (
        ("Specification approved", "specification_approved", {"code": f"SPEC-{today:%y}-0001"}, -2, "18500.00"),
        ("Lot VT-2601 released", "lot_released", {"lot": "VT-2601"}, 3, "6400.00"),
        ("Lot VT-2602 released", "lot_released", {"lot": "VT-2602"}, 5, "6400.00"),
        ("Shelf life approved", "shelf_life_approved", {"protocol": f"STAB-{today:%y}-0001"}, 10, "7900.00"),
        ("Lot VT-2603 released", "lot_released", {"lot": "VT-2603"}, 14, "6400.00"),
    )
    return [
        {
            "name": name,
            "condition": f"quality.{condition}",
            "parameters": parameters,
            "due_on": today + dt.timedelta(days=days),
            "amount": amount,
        }
        for name, condition, parameters, days, amount in rows
    ]


def _plan(today: dt.date) -> list[dict[str, Any]]:
    """Return the plan: first and last day from today, what shows that a line began and ended, cost, what it follows."""
    specification, protocol = {"code": f"SPEC-{today:%y}-0001"}, {"protocol": f"STAB-{today:%y}-0001", "lot": "VT-ST1"}
    tested = ("testing_began", "certificate_signed")
    transfer = "Method transfer, specification"
    rows: Sequence[tuple[str, int, int, tuple[str, str], dict[str, str], str, list[dict[str, Any]]]] = (
        (transfer, -60, -3, ("", "specification_approved"), specification, "18500.00", []),
        ("Release testing VT-2601", -2, 3, tested, {"lot": "VT-2601"}, "6400.00", [{"after": transfer}]),
        ("Release testing VT-2602", -1, 5, tested, {"lot": "VT-2602"}, "6400.00", [{"after": transfer}]),
        ("Release testing VT-2603", 6, 14, tested, {"lot": "VT-2603"}, "6400.00", [{"after": "Release testing VT-2602"}]),
        ("Stability pulls and tests", -2, 8, ("lot_on_study", "shelf_life_approved"), protocol, "27600.00", [{"after": transfer}]),
        ("Shelf-life report", 9, 12, ("", "shelf_life_approved"), protocol, "7900.00", [{"after": "Stability pulls and tests"}]),
        ("Close-out, archive and return", 15, 20, ("", ""), {}, "", [
            {"after": "Release testing VT-2603"}, {"after": "Shelf-life report", "kind": "SS", "lag": 2}]),
    )  # fmt: skip
    return [
        {
            "name": name,
            "starts_on": today + dt.timedelta(days=first),
            "ends_on": today + dt.timedelta(days=last),
            **{key: f"quality.{word}" for key, word in zip(("began_when", "ended_when"), when, strict=True) if word},
            "parameters": parameters,
            "planned_cost": cost,
            "earns": "50/50" if name.startswith("Stability") else "0/100",
            "links": links,
        }
        for name, first, last, when, parameters, cost, links in rows
    ]


def _duties(cast: Cast, program: Program, today: dt.date) -> None:
    """Give every duty of manufacture and testing to one party; of the sponsor's obligations, two are transferred."""
    own = {"gmp.audit", "gmp.recall"}
    lines = [
        {"duty": duty.key, "party": "sponsor" if duty.key in own else "partner"}
        for duty in of_chapter(GMP)
        if duty.key != "gmp.complaints"
    ]
    lines += [
        {"duty": "gmp.complaints", "party": "partner", "part": "investigation of the lot"},
        {"duty": "gmp.complaints", "party": "sponsor", "part": "contact with the complainant"},
        {"duty": "ind.312.57(a)", "party": "partner"},
        {"duty": "ind.312.57(d)", "party": "partner"},
    ]
    matrix = contracts.draft_duty_matrix(
        cast["h.brandt"], program, title="Manufacture, testing and release of Velatide tablets", covers=[GMP, IND],
        starts_on=today - dt.timedelta(days=60), lines=lines,
    )  # fmt: skip
    for user_id in ("h.brandt", "k.yamada"):
        matrix = contracts.sign_duty_matrix(cast[user_id], matrix, credentials=cast.credentials(user_id))


def _baseline(cast: Cast, program: Program, today: dt.date) -> None:
    """Freeze what the sponsor paid and got before."""
    before = "Aurelia's comparable order of 2024 (figure of the demo)"
    rows = (
        ("engagements.contract_value", "96400.00", "sum of its invoices without pass-through"),
        ("engagements.days_to_finish", "118", "last report − first day + 1"),
        ("engagements.milestones_on_time", "62.5", "5 of 8 milestones"),
        ("quality.right_first_time", "80.0", "8 of 10 lots without an investigation"),
    )
    made = contracts.draft_baseline(
        cast["e.castro"], program, title="Outsourced testing before this program", on=today - dt.timedelta(days=61),
        lines=[{"measure": name, "value": value, "source": before, "formula": how} for name, value, how in rows],
    )  # fmt: skip
    _both(cast, made, contracts.sign_baseline)


def settle(cast: Cast, order: WorkOrder, today: dt.date, because: Sequence[Record] = ()) -> None:
    """Execute a change order, log what is still outside, report the status, invoice what records earned."""
    manager, finance = cast["m.keller"], cast["t.nagy"]
    lines = {line.position: line for line in order.lines.all()}
    retests = contracts.log_out_of_scope(
        manager, order, text="Second specification limit for dissolution: method verified anew", found_on=today,
        estimate="4200.00",
    )  # fmt: skip
    change = contracts.draft_change_order(
        cast["r.olsen"], order, title="A fourth lot, and dissolution at a second time point",
        why="The sponsor's change of the dissolution limit, and one lot more for launch",
        document="Specification of Velatide tablets, second time point", because=because,
        lines=[
            {"line": lines[2], "quantity": "4"},
            {"service": "quality", "description": "Dissolution at a second time point: verification", "unit": "one-off",
             "quantity": "1", "unit_price": "4200.00", "one_off": True},
        ],
        delayed=order.plan.get(name="Release testing VT-2603"), delay_days=3, covers=[retests],
    )  # fmt: skip
    _both(cast, change, contracts.sign_change_order)
    contracts.log_out_of_scope(
        manager,
        order,
        text="Courier on a Sunday for VT-2603, asked for by telephone",
        found_on=today,
        estimate="380.00",
    )
    for name, days, amount, note in (
        ("Method transfer, specification", -20, "11200.00", "148 h of two analysts"),
        ("Method transfer, specification", -4, "5900.00", "78 h, columns"),
        ("Stability pulls and tests", 0, "13100.00", "172 h, consumables"),
        ("Release testing VT-2601", 0, "4950.00", "64 h"),
        ("Release testing VT-2602", 0, "7800.00", "101 h with the investigation"),
    ):
        line = order.plan.get(name=name)
        on = today + dt.timedelta(days=days)
        contracts.book_cost(manager, line, on=on, amount=amount, currency=order.currency, note=note)
    contracts.file_receipt(
        finance, lines[5], supplier="Reference Standards Ltd", number="RS-88121", on=today - dt.timedelta(days=9),
        amount="1986.40", currency=order.currency, file_name="RS-88121.txt",
        file=b"Reference Standards Ltd\nInvoice RS-88121\nVelatide RS, 2 x 500 mg\nEUR 1986.40\n",
    )  # fmt: skip
    contracts.report_status(manager, order)
    contracts.report_risk(
        manager, order, shape="triangular", best="85", worst="160", deadline=today + dt.timedelta(days=28)
    )
    contracts.state_billing_party(
        finance, order.program, legal_name="Northbridge CRDMO AG", street="Rheinweg 4", postal_code="4058", city="Basel",
        country="CH", vat_id="CHE000000000", tax_category="AE", tax_reason="Reverse charge",
    )  # fmt: skip
    contracts.state_billing_party(
        cast["f.moss"], order.program, legal_name="Aurelia Therapeutics GmbH", street="Am Tor 1", postal_code="55116",
        city="Mainz", country="DE", vat_id="DE000000000",
    )  # fmt: skip
    due = today + dt.timedelta(days=30)
    pulls = next(item.key for item in queries.billable(order) if item.line and not item.receipt)
    first = contracts.draft_invoice(finance, order, items=["milestone-1", "milestone-2", "milestone-3", pulls])
    first = contracts.issue_invoice(finance, first, due_on=due)
    contracts.accept_invoice(cast["f.moss"], first)
    second = contracts.draft_invoice(finance, order)
    contracts.issue_invoice(finance, second, due_on=due)
