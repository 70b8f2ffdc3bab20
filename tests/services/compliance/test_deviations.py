"""Deviations: reported by anybody, classified by QA, investigated, judged for every lot, closed by somebody else."""

from __future__ import annotations

import datetime as dt

import pytest

from crdmo.foundation.accounts import workflow as accounts
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.ledger.thread import downstream
from crdmo.foundation.refusals import Invalid, NotPermitted, Refused
from crdmo.foundation.signing import signatures_of
from crdmo.services.compliance import queries
from crdmo.services.compliance.models import Affected
from crdmo.services.compliance.workflow import affected, deviations
from crdmo.services.quality.models import Result
from tests import factories
from tests.services.compliance.conftest import System


def test_whoever_works_here_reports_even_with_a_lapsed_training(system: System) -> None:
    accounts.set_training_requirement(
        system.lab.qa,
        system.lab.analyst.organization,
        role=Role.ANALYST,
        subject="SOP-1",
        version="1",
        from_date=system.today,
    )
    found = system.report()
    assert (found.state, found.code) == ("open", f"DEV-{system.today:%y}-0001")
    assert found.due_on == system.day(3)


@pytest.mark.parametrize("role", [Role.SPONSOR_LEAD, Role.INSPECTOR])
def test_sponsor_and_inspector_report_nothing(system: System, role: Role) -> None:
    outsider = factories.person(role, system.lab.program)
    now = dt.datetime.now(dt.UTC)
    with pytest.raises(NotPermitted, match="may not report a deviation"):
        deviations.report_deviation(outsider, system.lab.program, title="T", facts="F", happened_at=now, found_at=now)


@pytest.mark.parametrize("field", ["title", "facts"])
def test_a_report_without_facts_is_refused_whole(system: System, field: str) -> None:
    before = Entry.objects.count()
    with pytest.raises(Invalid, match="something is not said"):
        system.report(**{field: "  "})
    assert Entry.objects.count() == before


@pytest.mark.parametrize(("happened", "found"), [(1, 2), (-1, 2), (3, -1)])
def test_it_happens_is_found_is_reported_in_this_order(system: System, happened: int, found: int) -> None:
    now = dt.datetime.now(dt.UTC)
    with pytest.raises(Invalid, match="it happens, is found, is reported"):
        system.report(happened_at=now - dt.timedelta(hours=happened), found_at=now - dt.timedelta(hours=found))


def test_a_result_that_is_linked_brings_its_lot_along(system: System) -> None:
    lot = system.lab.lot()
    result = Result.objects.get(test=system.lab.tested(lot))
    found = system.report(result)
    assert {one.target for one in affected.links_of(found)} == {result.pk, lot.pk}
    assert [one.lot_id for one in affected.links_of(found)] == [lot.pk, None]
    assert found.pk in downstream(result.pk)


def test_an_instrument_of_the_house_is_linked_by_its_code(system: System) -> None:
    found = system.report(*queries.find_records(system.lab.program, "HPLC-1"))
    assert [one.target_type for one in affected.links_of(found)] == ["quality.instrument"]


def test_what_is_not_here_is_not_linked(system: System) -> None:
    other = factories.program("CRD-900", owner=factories.sponsor("OTHER"))
    with pytest.raises(Invalid, match=r"cannot be linked\. Given: L-404, L-1"):
        queries.find_records(other, "L-404, L-1")
    with pytest.raises(Refused, match="own program and house"):
        system.report(other)


def test_only_qa_classifies_and_says_why(system: System) -> None:
    found = system.report()
    given = {"classification": "major", "why": "Product in it.", "investigator": system.lab.supervisor}
    with pytest.raises(NotPermitted, match="may not classify"):
        deviations.classify_deviation(system.lab.supervisor, found, **given)
    with pytest.raises(Invalid, match="not said"):
        deviations.classify_deviation(system.lab.qa, found, **{**given, "why": ""})
    with pytest.raises(Invalid, match="minor, major or critical"):
        deviations.classify_deviation(system.lab.qa, found, **{**given, "classification": "huge"})
    deviations.classify_deviation(system.lab.qa, found, **given)
    assert (found.state, found.due_on) == ("investigation", system.day(30))


def test_a_critical_one_is_due_earlier(system: System) -> None:
    assert system.classified(classification="critical").due_on == system.day(15)


def test_an_investigation_is_the_investigators_or_qas(system: System) -> None:
    found = system.classified()
    with pytest.raises(Refused, match="owner's work"):
        deviations.investigate(
            system.lab.analyst, found, method="five_why", root_cause="x", cause="people", evidence="x", capa_needed=True
        )
    system.investigate(found)
    assert found.state == "in_review"


def test_nothing_is_investigated_before_it_is_classified(system: System) -> None:
    with pytest.raises(Refused, match="another state"):
        system.investigate(system.report())


@pytest.mark.parametrize(
    ("given", "why"),
    [({"root_cause": " "}, "not said"), ({"method": "guess"}, "from the list"), ({"cause": "fate"}, "from the list")],
)
def test_an_investigation_has_a_method_a_cause_and_evidence(system: System, given: dict, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        system.investigate(system.classified(), **given)


def test_a_major_deviation_without_capa_says_why(system: System) -> None:
    found = system.classified(classification="major")
    with pytest.raises(Invalid, match="without CAPA says why"):
        system.investigate(found)
    system.investigate(found, capa_reason="Once only: the door was replaced.")


@pytest.mark.clause("21 CFR 211.192")
def test_no_deviation_is_closed_before_every_lot_is_judged(system: System) -> None:
    found = system.classified(system.lab.lot())
    system.investigate(found)
    with pytest.raises(Refused, match="lots whose impact was not judged"):
        system.approve(found)
    system.judge(found)
    system.approve(found)
    assert [m.meaning for m in signatures_of(found) if m.holds] == ["approved"]


def test_an_impact_is_judged_with_words_by_who_investigates(system: System) -> None:
    found = system.classified(system.lab.lot(), system.lab.hplc)
    lot, instrument = affected.links_of(found)
    with pytest.raises(Invalid, match="not said"):
        affected.assess_impact(system.lab.supervisor, lot, impact="none", assessment="")
    with pytest.raises(Invalid, match="impact is judged"):
        affected.assess_impact(system.lab.supervisor, lot, impact="open", assessment="x")
    with pytest.raises(Refused, match="owner's work"):
        affected.assess_impact(system.lab.analyst, lot, impact="none", assessment="x")
    with pytest.raises(Refused, match="is no lot"):
        affected.assess_impact(system.lab.supervisor, instrument, impact="none", assessment="x")


def test_a_capa_that_was_found_needed_has_to_be_there(system: System) -> None:
    found = system.classified()
    system.investigate(found, capa_needed=True)
    with pytest.raises(Refused, match="asks for a CAPA"):
        system.approve(found)
    system.capa(deviation=found)
    assert system.approve(found).state == "closed"


@pytest.mark.clause("EU GMP Part I 1.4(xiv)")
def test_nobody_closes_what_they_reported_or_investigated(system: System) -> None:
    qa, now = system.lab.qa, dt.datetime.now(dt.UTC)
    own = deviations.report_deviation(qa, system.lab.program, title="T", facts="F", happened_at=now, found_at=now)
    deviations.classify_deviation(qa, own, classification="minor", why="x", investigator=system.lab.supervisor)
    system.investigate(own)
    with pytest.raises(NotPermitted, match="cannot sign it as the second person"):
        system.approve(own)
    found = system.classified()
    deviations.investigate(
        qa, found, method="five_why", root_cause="x", cause="people", evidence="x", capa_needed=False
    )
    with pytest.raises(NotPermitted, match="cannot sign it as the second person"):
        system.approve(found)
    assert found.state != "open"


def test_a_returned_investigation_stays_and_another_follows(system: System) -> None:
    found = system.classified()
    system.investigate(found)
    with pytest.raises(Invalid, match="has a reason"):
        deviations.return_deviation(system.lab.qa, found)
    found.refresh_from_db()
    deviations.return_deviation(system.lab.qa, found, reason="The third why is missing")
    system.investigate(found, root_cause="The hinge was never on the maintenance plan.")
    assert found.investigations.count() == 2
    assert "hinge" in deviations.latest_investigation(found).root_cause


def test_what_is_closed_is_not_touched_again(system: System) -> None:
    found = system.closed()
    with pytest.raises(Refused, match="is closed"):
        affected.link_record(system.lab.analyst, found, records=[system.lab.lot()])
    with pytest.raises(Refused, match="another state"):
        deviations.classify_deviation(
            system.lab.qa, found, classification="major", why="x", investigator=system.lab.supervisor
        )
    with pytest.raises(Refused, match="another state"):
        system.approve(found)


def test_a_record_is_linked_once(system: System) -> None:
    lot = system.lab.lot()
    found = system.report(lot, lot)
    assert Affected.objects.count() == 1
    with pytest.raises(Invalid, match="nothing new"):
        affected.link_record(system.lab.analyst, found, records=[lot])


def test_what_was_seen_before_is_found_by_record_and_by_cause(system: System) -> None:
    lot = system.lab.lot()
    first, other = system.closed(lot), system.closed()
    again = system.report(lot)
    assert queries.seen_before(again) == [(first, "L-1")]
    assert [one for one, _ in queries.seen_before(again, "equipment")] == [other, first]
