"""The review of the audit trail: every exception looked at, no gap, not by who made them."""

from __future__ import annotations

import pytest

from crdmo.foundation.accounts import lockout
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import Conflict, Invalid, NotPermitted, Refused
from crdmo.services.compliance.models import PeriodicReview
from crdmo.services.compliance.workflow import capas, reviews
from tests.services.compliance.conftest import System


def refused_step(system: System) -> None:
    with pytest.raises(Refused):
        capas.complete_action(system.lab.analyst, capas.actions_of(system.planned())[0], evidence="x")


def review(system: System, scope: str = "program", who=None, **given):
    shown = reviews.stretch(system.lab.program, scope)
    person = who or system.lab.qp
    values = {
        "up_to": shown.up_to,
        "looked_at": {one.line.seq: "Explained." for one in shown.exceptional},
        "conclusion": "Nothing that touches data.",
        **given,
    }
    return reviews.review_audit_trail(
        person, system.lab.program, scope=scope, credentials=system.lab.sign(person), **values
    )


@pytest.mark.clause("EU GMP Annex 11, 9")
def test_a_review_pins_what_was_looked_at_and_the_next_begins_where_it_ends(system: System) -> None:
    refused_step(system)
    first = review(system)
    last = Entry.objects.get(seq=first.up_to_entry)
    assert first.last_hash == bytes(last.hash).hex()
    assert [(one["kind"], one["remark"]) for one in first.exceptions] == [("refused", "Explained.")]
    assert first.entries == Entry.objects.filter(stream=str(system.lab.program.pk), seq__lte=first.up_to_entry).count()
    system.report()
    assert reviews.stretch(system.lab.program, "program").after == first.up_to_entry
    second = review(system)
    assert (second.after_entry, second.exceptions) == (first.up_to_entry, [])
    assert str(second.chain) == str(first.chain)


def test_every_exception_is_looked_at(system: System) -> None:
    refused_step(system)
    with pytest.raises(Refused, match="every exceptional line is looked at"):
        review(system, looked_at={})
    with pytest.raises(Invalid, match="not exceptional here"):
        shown = reviews.stretch(system.lab.program, "program")
        review(system, looked_at={1: "x", **{one.line.seq: "x" for one in shown.exceptional}})
    assert not PeriodicReview.objects.exists()


def test_a_review_concludes_and_stands_for_what_was_shown(system: System) -> None:
    system.report()
    with pytest.raises(Invalid, match="not said"):
        review(system, conclusion=" ")
    with pytest.raises(Conflict, match="not the one that was shown"):
        review(system, up_to=reviews.stretch(system.lab.program, "program").up_to + 1000)
    with pytest.raises(Invalid, match="choose from the list"):
        review(system, scope="world")


def test_nobody_reviews_the_own_exceptions(system: System) -> None:
    made = system.classified()
    with pytest.raises(Refused, match="another state"):
        system.approve(made)
    with pytest.raises(NotPermitted, match="own exceptions"):
        review(system, who=system.lab.qa)
    assert review(system).reviewer == system.lab.qp


def test_only_the_quality_unit_reviews(system: System) -> None:
    system.report()
    with pytest.raises(NotPermitted, match="may not review an audit trail"):
        review(system, who=system.lab.supervisor)


def test_failed_log_ins_stand_in_the_review_of_the_house(system: System) -> None:
    before = lockout.failures(system.lab.analyst.user_id)
    lockout.count(system.lab.analyst.user_id, "log-in")
    lockout.report(system.lab.analyst.user_id, "log-in", "10.0.0.9", before)
    made = review(system, "house")
    assert "failed log-in" in {one["kind"] for one in made.exceptions}
    assert made.organization == system.lab.qa.organization and made.program is None


def test_an_empty_stretch_is_not_reviewed(system: System) -> None:
    with pytest.raises(Refused, match="nothing was written since"):
        last = Entry.objects.order_by("-seq").values_list("seq", flat=True)[0]
        review(system)
        review(system, up_to=last, looked_at={})


def test_a_long_stretch_is_reviewed_in_sittings(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reviews, "MOST", 1)
    refused_step(system)
    refused_step(system)
    first = review(system)
    assert len(first.exceptions) == 1
    second = review(system)
    assert second.after_entry == first.up_to_entry and len(second.exceptions) == 1


def test_a_refused_attempt_at_the_review_makes_nobody_dependent(system: System) -> None:
    refused_step(system)
    with pytest.raises(Refused, match="every exceptional line"):
        review(system, looked_at={})
    made = review(system)
    assert [one["action"] for one in made.exceptions][-1] == "compliance.review_audit_trail"
