"""The commercial path on pages: asked, bid, compared, awarded, ordered, changed, invoiced; and what each side must not see."""

from __future__ import annotations

import datetime as dt
import zipfile
from typing import Any

import pytest

from crdmo.common.engagements import queries, workflow
from crdmo.common.engagements.models import ChangeOrder, DutyMatrix, Envelope, Invoice, PlanLine, Request, WorkOrder
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.ledger import bundles
from tests import factories
from tests.common.market import Market, bid, open_market
from tests.web.house import Browser


@pytest.fixture
def market(db: None, settings: Any, tmp_path) -> Market:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.HOME = tmp_path
    settings.STORAGE_URL = f"file://{tmp_path}/files"
    return open_market()


def signed(person, step: str, **more: str) -> dict[str, str]:
    return {"step": step, "signing_user_id": person.user_id, "signing_password": factories.PASSWORD, **more}


def form(**more: Any) -> dict[str, Any]:
    due = dt.datetime.now(dt.UTC) + dt.timedelta(days=3)
    return {
        "program": "CRD-101", "title": "Release testing", "scope": "Three lots", "currency": "EUR",
        "due_at": due.strftime("%Y-%m-%dT%H:%M"), "line_service": ["quality", "", ""],
        "line_description": ["Transfer", "Visit", ""], "line_unit": ["transfer", "visit", ""],
        "line_quantity": ["1", "20", ""], "line_assumptions": ["", "On site", ""], "line_earned_by": ["", "test.received", ""],
        "line_pass_through": ["", "", ""], "question_text": ["Who?", ""], "question_weight": ["40", ""],
        "rate_currency": ["USD", ""], "rate_rate": ["0.92", ""], "rate_on": ["2026-11-20", ""], "rate_source": ["ECB", ""],
        **more,
    }  # fmt: skip


def offer(**more: Any) -> dict[str, Any]:
    return {
        "step": "bid", "currency": "EUR", "line_position": ["1", "2"], "line_unit_price": ["18500", "1150.50"],
        "line_quantity": ["", ""], "line_assumptions": ["", ""], "answer_q1": "Two analysts", "final": "yes", **more,
    }  # fmt: skip


def test_from_the_request_to_the_signed_order_on_pages(market: Market) -> None:
    lead = Browser(market.lead)
    assert "No request yet" in lead.text("/requests/")
    answer = lead.post("/requests/new/", form())
    assert answer.status_code == 302, answer.content.decode()[:3000]
    path = answer["Location"]
    for code in ("PARTNER", "RIVAL"):
        assert lead.post(path, {"step": "invite", "bidder": code}).status_code == 302
    assert lead.post(path, {"step": "issue"}).status_code == 302
    for person, code, more in (
        (market.proposals, "PARTNER", {}),
        (market.rival_proposals, "RIVAL", {"line_quantity": ["", "12"], "line_assumptions": ["", "Remote"]}),
    ):
        browser, room = Browser(person), f"/CRD-101-R{market.today:%y}-1-{code}/contracts/bid/"
        assert "Release testing" in browser.text("/requests/")
        assert browser.post(room, offer(**more)).status_code == 302
        assert "1150.50" in browser.text(room)
        assert "1150.50" not in lead.text(room)
    assert lead.post(path, {"step": "open"}).status_code == 302
    text = lead.text(path)
    assert "Remote" in text and "-9204.00" in text  # 8 visits less at 1150.50, shown as quantity
    for code, mark in (("PARTNER", "9"), ("RIVAL", "5")):
        assert lead.post(path, {"step": "score", "bidder": code, "q1": mark, "remark": "Called"}).status_code == 302
    assert lead.post(path, signed(market.lead, "award", bidder="PARTNER", reason="Best value")).status_code == 302
    master = market.agreement()
    starts = market.today.isoformat()
    assert lead.post(path, {"step": "order", "agreement": master.code, "starts_on": starts}).status_code == 302
    order = WorkOrder.objects.get()
    page = f"/CRD-101/contracts/{order.code}/"
    milestone = {
        "step": "milestone", "name": "Transfer", "condition": "record_in_state", "due_on": starts, "amount": "18500",
        "parameters": "type=materials.sample; code=S-1; state=received",
    }  # fmt: skip
    assert lead.post(page, milestone).status_code == 302
    plan = {"step": "plan", "name": "Transfer", "starts_on": starts, "ends_on": starts, "kind": "FS", "lag": "0",
            "planned_cost": "18500", "earns": "0/100"}  # fmt: skip
    assert lead.post(page, plan).status_code == 302
    assert lead.post(page, milestone | {"amount": "99999"}).status_code == 422
    for person in (market.manager, market.lead):
        assert Browser(person).post(page, signed(person, "sign")).status_code == 302
    order.refresh_from_db()
    assert order.state == "signed" and queries.value(order).amount == 41510
    assert lead.post(page, plan | {"name": "Late"}).status_code in (409, 404) and PlanLine.objects.count() == 1


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"line_quantity": ["1", "-2", ""]}, 422),
        ({"program": "NONE"}, 422),
        ({"due_at": "soon"}, 422),
        ({"rate_rate": ["", ""], "rate_source": ["ECB", ""]}, 422),
        ({"question_weight": ["100", ""]}, 422),
    ],
)
def test_a_request_that_cannot_be_keeps_what_was_typed(market: Market, more: dict, status: int) -> None:
    answer = Browser(market.lead).post("/requests/new/", form(**more))
    assert answer.status_code == status and not Request.objects.exists()
    assert "Release testing" in answer.content.decode() and "Error: " in answer.content.decode()


def test_a_bid_that_cannot_be_keeps_what_was_typed_and_seals_nothing(market: Market) -> None:
    request = market.issued()
    room = f"/{market.invitation(request, market.partner).program.code}/contracts/bid/"
    answer = Browser(market.proposals).post(room, offer(line_unit_price=["18777", "many"]))
    assert answer.status_code == 422 and b"18777" in answer.content
    assert not Envelope.objects.exists()


def test_a_bidder_finds_no_other_room_nor_the_request_nor_the_program(market: Market) -> None:
    request = market.issued()
    mine, theirs = (market.invitation(request, side) for side in (market.rival, market.partner))
    workflow.submit_bid(market.proposals, theirs, **bid(("18500.00", "1150.77", "2100.00")))
    envelope = queries.sealed_bid(theirs)
    rival = Browser(market.rival_proposals)
    assert "Release testing" in rival.text(f"/{mine.program.code}/contracts/bid/")
    for path in (
        f"/{theirs.program.code}/contracts/bid/", f"/{theirs.program.code}/ledger/", f"/record/{theirs.pk}/",
        f"/record/{envelope.pk}/", f"/thread/{theirs.pk}/", f"/record/{request.pk}/", "/CRD-101/contracts/",
    ):  # fmt: skip
        assert rival.get(path).status_code == 404, path
    assert rival.get(f"/requests/{request.code}/").status_code == 403
    found = rival.client.get(f"/search/?q={request.code}", headers={"Accept": "application/json"}).content
    assert str(theirs.pk).encode() not in found and str(mine.pk).encode() in found
    for path in ("/", "/requests/", f"/{mine.program.code}/", f"/{mine.program.code}/ledger/"):
        text = rival.text(path)
        assert "1150.77" not in text and str(market.partner) not in text, path


def test_the_partner_sees_its_own_room_only_and_its_administrator_no_rooms(market: Market) -> None:
    request = market.issued()
    theirs = market.invitation(request, market.rival)
    ours = Browser(market.proposals)
    assert ours.get(f"/{theirs.program.code}/contracts/bid/").status_code == 404
    assert "RIVAL" not in ours.text("/requests/") + ours.text("/")
    admin = factories.person("administrator")
    factories.login(admin)
    assert theirs.program.code not in Browser(admin).text("/people/organizations/")
    assert Program.objects.filter(is_bidding_room=True).count() == 2


def test_change_invoice_duties_and_baseline_on_pages(market: Market) -> None:
    order = market.order()
    manager, lead, biller, payer = (Browser(p) for p in (market.manager, market.lead, market.biller, market.payer))
    page = f"/CRD-101/contracts/{order.code}/"
    posted = {
        "title": "Amendment", "why": "More visits", "document": "Protocol 2", "line": ["1", "2", "3"],
        "line_quantity": ["", "22", ""], "new_service": [""], "new_description": ["Ethics"], "new_unit": ["once"],
        "new_quantity": ["1"], "new_unit_price": ["9500"], "new_one_off": ["yes"],
    }  # fmt: skip
    assert manager.post(f"{page}change/", posted | {"line_quantity": ["", "-4", ""]}).status_code == 422
    assert manager.post(f"{page}change/", posted | {"because": "NONE-1"}).status_code == 404
    answer = manager.post(f"{page}change/", posted | {"because": order.agreement.code})
    assert answer.status_code == 302
    change = answer["Location"]
    for person, browser in ((market.manager, manager), (market.lead, lead)):
        assert "11\u202f800.00 EUR" in browser.text(change)
        assert browser.post(change, signed(person, "sign")).status_code == 302
    assert ChangeOrder.objects.get().state == "executed"
    assert ChangeOrder.objects.get().sources[0]["record"] == str(order.agreement.pk)
    market.receive("S-1", "V-2")
    assert "2 lines earned by records" in biller.text("/")
    assert biller.post(page, {"step": "invoice", "items": ["milestone-1", "line-2"]}).status_code == 302
    invoice = f"/CRD-101/contracts/invoices/{Invoice.objects.get().code}/"
    assert payer.post(invoice, {"step": "issue", "due_on": market.today.isoformat()}).status_code == 403
    assert biller.post(invoice, {"step": "issue", "due_on": market.today.isoformat()}).status_code == 302
    assert "Invoices to check" in payer.text("/")
    assert payer.post(invoice, {"step": "accept"}).status_code == 302
    paid = {"step": "pay", "on": market.today.isoformat(), "payment": "E2E-1"}
    assert payer.post(invoice, paid).status_code == 302 and Invoice.objects.get().state == "paid"
    assert payer.post(invoice, paid).status_code == 409
    printed = payer.get(invoice.rstrip("/") + ".pdf")
    assert printed.status_code == 200 and printed.content.startswith(b"%PDF")
    missing = payer.get(invoice.rstrip("/") + ".xml")
    assert missing.status_code == 409 and b"has not stated how it is billed" in missing.content
    stated = {"step": "billing", "legal_name": "Partner AG", "country": "CH", "vat_id": "CHE1", "tax_category": "AE"}
    assert biller.post(page, stated).status_code == 302
    assert payer.post(page, {"step": "billing", "legal_name": "S GmbH", "country": "de"}).status_code == 422
    assert (
        payer.post(page, {"step": "billing", "legal_name": "S GmbH", "country": "DE", "vat_id": "DE1"}).status_code
        == 302
    )
    broken = payer.get(invoice.rstrip("/") + ".xml")
    assert broken.status_code == 409 and b"BR-AE-10" in broken.content
    assert (
        biller.post(page, stated | {"tax_reason": "Reverse charge"}).status_code == 422
    )  # a correction has its reason
    assert biller.post(page, stated | {"tax_reason": "Reverse charge", "reason": "Forgotten"}).status_code == 302
    written = payer.get(invoice.rstrip("/") + ".xml")
    assert written.status_code == 200 and b'<cbc:PayableAmount currencyID="EUR">20800.00<' in written.content
    assert payer.get(invoice.rstrip("/") + ".exe").status_code == 404
    duty = {f"duty_gmp.{key}": "partner" for key in ("certification", "audit")}
    drafted = {"step": "draft", "title": "Duties", "starts_on": "1 Jan 2026", "covers": ["GMP"], **duty}
    assert lead.post("/CRD-101/contracts/duties/", drafted | {"starts_on": "11/12/26"}).status_code == 422
    assert lead.post("/CRD-101/contracts/duties/", drafted).status_code == 302
    matrix = DutyMatrix.objects.get()
    refused = lead.post("/CRD-101/contracts/duties/", signed(market.lead, f"sign-{matrix.code}"))
    assert refused.status_code == 409 and b"nobody from" in refused.content
    assert lead.get(f"/CRD-101/contracts/duties/{market.today}.pdf").content.startswith(b"%PDF")
    figures = {
        "step": "draft", "title": "Before", "on": "1 Jan 2026", "line_measure": ["engagements.contract_value"],
        "line_value": ["60000"], "line_unit": ["EUR"], "line_source": ["Order of 2024"], "line_formula": ["sum"],
    }  # fmt: skip
    assert lead.post("/CRD-101/contracts/scoreboard/", figures | {"line_source": [""]}).status_code == 422
    assert lead.post("/CRD-101/contracts/scoreboard/", figures).status_code == 302
    for person, browser in ((market.lead, lead), (market.manager, manager)):
        assert browser.post("/CRD-101/contracts/scoreboard/", signed(person, "sign-BL-26-0001")).status_code == 302
    assert "-6700.00" in lead.text("/CRD-101/contracts/scoreboard/")


def test_a_receipt_comes_with_its_file_and_a_milestone_is_held_by_the_sponsor(market: Market) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    order = market.order()
    page = f"/CRD-101/contracts/{order.code}/"
    filed = {"step": "receipt", "line": "3", "supplier": "DHX", "number": "R1", "on": market.today.isoformat(),
             "amount": "120,50", "currency": "EUR", "file": SimpleUploadedFile("r1.txt", b"EUR 120.50")}  # fmt: skip
    biller = Browser(market.biller)
    assert biller.post(page, filed).status_code == 302
    assert queries.billable(order)[0].amount.amount == 120 + 1 / 2
    market.receive("S-1")
    lead = Browser(market.lead)
    assert lead.post(page, signed(market.lead, "hold", milestone="1", reason="Report is missing")).status_code == 302
    assert "Report is missing" in lead.text(page)
    assert next(one.key for one in queries.billable(order)).startswith("line-2")


def test_the_plan_page_reports_and_simulates(market: Market) -> None:
    day = market.today
    plan = [{"name": "Transfer", "starts_on": day, "ends_on": day + dt.timedelta(days=9), "planned_cost": "18500.00"}]
    order = market.order(plan=plan)
    manager, page = Browser(market.manager), f"/CRD-101/contracts/{order.code}/plan/"
    assert manager.post(page, {"step": "status"}).status_code == 302
    risk = {"step": "risk", "shape": "triangular", "best": "80", "worst": "150"}
    assert manager.post(page, risk | {"worst": "90"}).status_code == 422
    assert manager.post(page, risk).status_code == 302
    cost = {"step": "cost", "line": "1", "on": day.isoformat(), "amount": "400", "note": "6 h"}
    assert manager.post(page, cost | {"line": "9"}).status_code in (404, 422)
    assert manager.post(page, cost).status_code == 302
    text = manager.text(page)
    assert "are both met in" in text and "400.00" in text and "critical" in text
    assert "400.00" not in Browser(market.lead).text(page)


def test_another_sponsors_contract_pages_are_not_there(market: Market) -> None:
    order = market.order()
    other = factories.program("OTHER-1", owner=factories.sponsor("OTHER"))
    stranger = factories.person("sponsor_lead", other, organization=factories.sponsor("OTHER"))
    factories.login(stranger)
    browser = Browser(stranger)
    for place in (f"{order.code}/plan/", f"{order.code}/change/", "duties/", "scoreboard/"):
        assert browser.get(f"/CRD-101/contracts/{place}").status_code == 404
        assert browser.get(f"/OTHER-1/contracts/{order.code}/plan/").status_code == 404


def test_the_bundle_of_a_room_holds_nothing_of_another_room(market: Market, tmp_path) -> None:
    request = market.opened(bid(("18500.00", "1150.77", "2100.00")))
    rooms = {room.partner.code: room for room in queries.rooms_of(request)}
    path = tmp_path / "bundle.zip"
    bundles.export(market.lead, rooms["RIVAL"], market.sponsor, path)
    with zipfile.ZipFile(path) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"16000.00" in everything
    assert b"1150.77" not in everything and str(rooms["PARTNER"].pk).encode() not in everything
