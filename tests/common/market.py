"""A sponsor, two bidders and their people, for the tests of the whole commercial path."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass, field
from typing import Any

from crdmo.common.engagements import queries, workflow
from crdmo.common.engagements.conditions import COUNTERS, counter
from crdmo.common.engagements.models import Agreement, Invitation, Request, WorkOrder
from crdmo.common.materials import workflow as stock
from crdmo.common.materials.models import Sample
from crdmo.foundation.accounts.models import Organization, Person, Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.signing import Credentials
from tests import factories

LINES = [
    {"service": "quality", "description": "Transfer", "unit": "transfer", "quantity": "1"},
    {
        "service": "quality",
        "description": "Monitoring visit",
        "unit": "visit",
        "quantity": "20",
        "earned_by": "test.received",
    },
    {"service": "quality", "description": "Couriers", "unit": "lot", "quantity": "1", "pass_through": True},
]
QUESTIONS = [{"text": "Who does it?", "weight": 30}, {"text": "Since when?", "weight": 10}]
RATES = {"USD": {"rate": "0.9200", "on": "2026-11-20", "source": "ECB reference rate"}}
ANSWERS = {"q1": "Two analysts", "q2": "Since 2011"}


def received_samples(program: Program) -> list[Record]:
    return list(Sample.objects.filter(program=program, state="received").order_by("entry"))


if "test.received" not in COUNTERS:
    counter("test.received", "a sample is received")(received_samples)


def bid(prices: tuple[str, str, str], visits: str = "20", currency: str = "EUR", **more: Any) -> dict[str, Any]:
    """Return a bid with these unit prices."""
    lines = [
        {"position": 1, "unit_price": prices[0]},
        {
            "position": 2,
            "unit_price": prices[1],
            "quantity": visits,
            "assumptions": "" if visits == "20" else "Remote visits",
        },
        {"position": 3, "unit_price": prices[2]},
    ]
    return {"currency": currency, "lines": lines, "answers": ANSWERS, **more}


@dataclass
class Market:
    """One sponsor's program with its partner, a second bidder, and who acts for each."""

    program: Program
    sponsor: Organization
    partner: Organization
    rival: Organization
    lead: Person
    manager: Person
    proposals: Person
    rival_proposals: Person
    biller: Person
    payer: Person
    keeper: Person
    today: dt.date
    made: dict[str, Any] = field(default_factory=dict)

    def sign(self, person: Person) -> Credentials:
        return Credentials(person.user_id, factories.PASSWORD, f"log-in of {person.user_id}")

    def request(self, *, due_in: float = 3600, **more: Any) -> Request:
        due = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=due_in)
        values = {
            "program": self.program, "title": "Release testing", "currency": "EUR", "due_at": due, "lines": LINES,
            "questions": QUESTIONS, "rates": RATES, **more,
        }  # fmt: skip
        return workflow.draft_request(self.lead, self.sponsor, **values)

    def issued(self, **more: Any) -> Request:
        made = self.request(**more)
        for bidder in (self.partner, self.rival):
            workflow.invite_bidder(self.lead, made, bidder)
            made.refresh_from_db()
        workflow.issue_request(self.lead, made)
        made.refresh_from_db()
        return made

    def invitation(self, request: Request, bidder: Organization) -> Invitation:
        return next(one for one in queries.invitations_of(request) if one.program.partner_id == bidder.pk)

    def opened(self, first: dict[str, Any] | None = None, second: dict[str, Any] | None = None) -> Request:
        made = self.issued()
        bids = ((self.proposals, self.partner, first or bid(("18500.00", "1150.00", "2100.00"))),
                (self.rival_proposals, self.rival, second or bid(("16000.00", "1200.00", "2400.00"), "12")))  # fmt: skip
        for person, bidder, values in bids:
            workflow.submit_bid(person, self.invitation(made, bidder), **{"final": True, **values})
        workflow.open_bids(self.lead, made)
        made.refresh_from_db()
        return made

    def awarded(self) -> Request:
        made = self.opened()
        for bidder, marks in ((self.partner, {"q1": 9, "q2": 8}), (self.rival, {"q1": 5, "q2": 6})):
            workflow.score_bid(self.lead, made, bidder, scores=marks, remark="By the references")
        workflow.award_request(
            self.lead, made, self.partner, credentials=self.sign(self.lead), reason="Best value over all criteria"
        )
        made.refresh_from_db()
        return made

    def agreement(self) -> Agreement:
        made = workflow.draft_agreement(
            self.manager, self.program, kind="msa", title="Master services", effective_from=self.today
        )
        for person in (self.manager, self.lead):
            made = workflow.sign_agreement(person, made, credentials=self.sign(person))
        return made

    def signed(self, order: WorkOrder) -> WorkOrder:
        for person in (self.manager, self.lead):
            order = workflow.sign_work_order(person, order, credentials=self.sign(person))
        return order

    def order(self, **more: Any) -> WorkOrder:
        """Return a signed order: one transfer by milestone, twenty visits by records, couriers at cost."""
        lines = [
            {**LINES[0], "unit_price": "18500.00"}, {**LINES[1], "unit_price": "1150.00"}, {**LINES[2], "unit_price": "2100.00"}
        ]  # fmt: skip
        met = {"type": "materials.sample", "code": "S-1", "state": "received"}
        milestone = {
            "name": "Transfer", "condition": "record_in_state", "parameters": met, "due_on": self.today, "amount": "18500.00"
        }  # fmt: skip
        values = {
            "title": "Release",
            "currency": "EUR",
            "starts_on": self.today,
            "lines": lines,
            "milestones": [milestone],
        }
        return self.signed(workflow.draft_work_order(self.manager, self.agreement(), **{**values, **more}))

    def receive(self, *codes: str) -> list[Any]:
        if "lot" not in self.made:
            product = stock.register_substance(self.keeper, self.program, code="API-1", name="V", kind="drug_substance")
            self.made["lot"] = stock.register_lot(self.keeper, product, amount="1000", unit="g")
        found = []
        for code in codes:
            sample = stock.register_sample(
                self.keeper, self.made["lot"], purpose="release", amount="1", unit="g", taken_on=self.today, code=code
            )
            found.append(stock.receive_sample(self.keeper, sample, location="R3"))
        return found


def open_market() -> Market:
    sponsor, partner = factories.sponsor(), factories.partner()
    rival = factories.organization(Organization.Kind.BIDDER, "RIVAL", "Rival Labs")
    program = factories.program()
    people = {
        "lead": factories.person(Role.SPONSOR_LEAD), "manager": factories.person(Role.PROJECT_MANAGER),
        "proposals": factories.person(Role.PROPOSALS), "biller": factories.person(Role.FINANCE),
        "rival_proposals": factories.person(Role.PROPOSALS, organization=rival),
        "payer": factories.person(Role.FINANCE, organization=sponsor), "keeper": factories.person(Role.SAMPLE_MANAGER),
    }  # fmt: skip
    for person in people.values():
        factories.login(person)
    return Market(program, sponsor, partner, rival, today=dt.datetime.now(dt.UTC).date(), **people)


def wait_until(moment: dt.datetime) -> None:
    time.sleep(max(0.0, (moment - dt.datetime.now(dt.UTC)).total_seconds()) + 0.01)
