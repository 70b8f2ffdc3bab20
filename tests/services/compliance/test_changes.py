"""Change control: every area speaks, QA approves, then it is done, then it is closed on evidence."""

from __future__ import annotations

import pytest

from crdmo.foundation.refusals import Invalid, NotPermitted, Refused
from crdmo.services.compliance.workflow import changes
from crdmo.services.quality.workflow import bench
from tests.services.compliance.conftest import System


@pytest.mark.parametrize(
    "given", [{"areas": []}, {"areas": ["kitchen"]}, {"category": "huge"}, {"regulatory": "perhaps"}]
)
def test_a_proposal_chooses_from_the_lists(system: System, given: dict) -> None:
    with pytest.raises(Invalid, match="choose from the list"):
        system.change(**given)


def test_a_proposal_is_justified_and_ahead(system: System) -> None:
    with pytest.raises(Invalid, match="not said"):
        system.change(justification="")
    with pytest.raises(Invalid, match="planned ahead"):
        system.change(due_on=system.today)


def test_each_area_that_was_asked_speaks_once_and_not_by_the_proposer(system: System) -> None:
    made = system.change()
    given = {"touches": True, "text": "Verified anew."}
    with pytest.raises(Refused, match="proposer does not assess"):
        changes.assess_change(system.lab.supervisor, made, area="regulatory", **given)
    with pytest.raises(Invalid, match="not asked"):
        changes.assess_change(system.lab.reviewer, made, area="production", **given)
    changes.assess_change(system.lab.reviewer, made, area="regulatory", **given)
    with pytest.raises(Refused, match="has assessed"):
        changes.assess_change(system.lab.analyst, made, area="regulatory", **given)
    assert changes.areas_open(made) == ["quality_control"]


def test_no_approval_before_every_area_every_lot_and_a_task(system: System) -> None:
    qa = system.lab.qa
    made = system.change(system.lab.lot())
    with pytest.raises(Refused, match="not assessed by every area"):
        changes.approve_change(qa, made, credentials=system.lab.sign(qa))
    for area in made.areas:
        changes.assess_change(system.lab.reviewer, made, area=area, touches=False, text="None.")
    with pytest.raises(Refused, match="lots whose impact was not judged"):
        changes.approve_change(qa, made, credentials=system.lab.sign(qa))
    system.judge(made)
    with pytest.raises(Refused, match="has no task"):
        changes.approve_change(qa, made, credentials=system.lab.sign(qa))


@pytest.mark.clause("EU GMP Part I 1.4(xiii)")
def test_nothing_is_implemented_before_approval(system: System) -> None:
    made = system.assessed()
    with pytest.raises(Refused, match="is not approved"):
        changes.complete_task(system.lab.analyst, made.tasks.get(), evidence="Done already.")
    with pytest.raises(NotPermitted, match="may not approve"):
        changes.approve_change(system.lab.supervisor, made, credentials=system.lab.sign(system.lab.supervisor))
    changes.approve_change(system.lab.qa, made, credentials=system.lab.sign(system.lab.qa))
    with pytest.raises(Refused, match="completed by its owner"):
        changes.complete_task(system.lab.colleague, made.tasks.get(), evidence="Done.")
    with pytest.raises(Invalid, match="not said"):
        changes.complete_task(system.lab.analyst, made.tasks.get(), evidence="")
    changes.complete_task(system.lab.analyst, made.tasks.get(), evidence="Report 12.")
    made.refresh_from_db()
    assert made.state == "completed"


def test_no_task_is_added_after_approval(system: System) -> None:
    made = system.approved()
    with pytest.raises(Refused, match="another state"):
        changes.plan_task(system.lab.supervisor, made, text="x", owner=system.lab.analyst, due_on=system.day(5))


def test_a_change_is_not_closed_while_a_linked_method_is_a_draft(system: System) -> None:
    draft = bench.draft_method(
        system.lab.supervisor,
        system.lab.qa.organization,
        code="M-NEW",
        title="Assay, new column",
        technique="HPLC",
        reporting="single",
        replicates=1,
    )
    made = system.approved(draft)
    changes.complete_task(system.lab.analyst, made.tasks.get(), evidence="Report 12.")
    made.refresh_from_db()
    with pytest.raises(Refused, match=r"not in force\. Given: M-NEW version 1: draft"):
        changes.close_change(system.lab.qa, made, credentials=system.lab.sign(system.lab.qa))
    bench.approve_method(system.lab.qa, draft, credentials=system.lab.sign(system.lab.qa))
    made.refresh_from_db()
    assert changes.close_change(system.lab.qa, made, credentials=system.lab.sign(system.lab.qa)).state == "closed"


def test_a_rejection_has_a_reason(system: System) -> None:
    made = system.change()
    with pytest.raises(Invalid, match="rejection has a reason"):
        changes.reject_change(system.lab.qa, made, credentials=system.lab.sign(system.lab.qa))
