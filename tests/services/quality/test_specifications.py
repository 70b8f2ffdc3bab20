"""Specifications: limits as their text, versions, who approves; and their pages."""

from __future__ import annotations

import pytest

from crdmo.foundation.refusals import Invalid, NotPermitted, Refused
from crdmo.services.quality.models import Specification
from crdmo.services.quality.workflow import bench, specifications
from tests import factories
from tests.services.quality.browsing import Desk, text
from tests.services.quality.lab import Lab


def draft(lab: Lab, limit: str = "96.0 – 104.0", **more: object) -> Specification:
    lines = [{"name": "Assay", "method": lab.assay, "limit": limit, "unit": "%"}]
    return specifications.draft_specification(
        lab.supervisor, lab.product, title="Next", stage="release", criteria=lines, **more
    )


def approve(lab: Lab, found: Specification) -> Specification:
    return specifications.approve_specification(lab.qa, found, effective_from=lab.today, credentials=lab.sign(lab.qa))


@pytest.mark.parametrize("limit", ["between five and", "≥", "105.0 – 95.0", ""])
def test_a_limit_that_cannot_be_understood_is_refused_with_its_line(lab: Lab, limit: str) -> None:
    if limit == "between five and":
        # Words are a limit in words.
        assert draft(lab, limit).criteria.get().limit == limit
        return
    with pytest.raises(Invalid, match="line 1"):
        draft(lab, limit)


def test_the_text_of_a_limit_is_kept_with_its_places(lab: Lab) -> None:
    assert [draft(lab, limit).criteria.get().limit for limit in ("≥ 98", "≥ 98.0")] == ["≥ 98", "≥ 98.0"]


def test_a_specification_without_lines_is_refused(lab: Lab) -> None:
    with pytest.raises(Invalid, match="at least one line"):
        specifications.draft_specification(lab.supervisor, lab.product, title="None", stage="release", criteria=[])


def test_a_line_names_an_effective_method(lab: Lab) -> None:
    method = bench.draft_method(lab.supervisor, lab.qa.organization, title="New", technique="UV")
    with pytest.raises(Refused, match="is not effective"):
        lines = [{"name": "Colour", "method": method, "limit": "≤ 1"}]
        specifications.draft_specification(lab.supervisor, lab.product, title="X", stage="release", criteria=lines)


def test_its_author_does_not_approve_a_specification(lab: Lab) -> None:
    with pytest.raises(NotPermitted, match="approve a specification"):
        specifications.approve_specification(
            lab.supervisor, draft(lab), effective_from=lab.today, credentials=lab.sign(lab.supervisor)
        )


def test_an_approved_version_supersedes_the_one_before_and_cannot_be_approved_again(lab: Lab) -> None:
    second = approve(lab, draft(lab, supersedes=lab.specification))
    lab.specification.refresh_from_db()
    assert (second.code, second.number, second.state, lab.specification.state) == (
        lab.specification.code,
        2,
        "approved",
        "superseded",
    )
    with pytest.raises(Refused, match="is no draft"):
        approve(lab, second)


def test_a_new_version_never_changes_an_old_verdict(lab: Lab) -> None:
    test = lab.tested(lab.lot(), "95.5")
    before = test.results.get()
    approve(lab, draft(lab, "99.0 – 101.0", supersedes=lab.specification))
    after = test.results.get()
    assert (after.version, after.limit, after.passes, after.verdict) == (
        before.version,
        "95.0 – 105.0",
        True,
        before.verdict,
    )


def test_the_page_shows_limits_as_text_and_what_a_version_changes(lab: Lab) -> None:
    second = draft(lab, supersedes=lab.specification)
    page = text(Desk(lab.sponsor).get(f"specifications/{second.code}/2/"))
    assert "<del>95.0 – 105.0</del>" in page and "<ins>96.0 – 104.0</ins>" in page
    assert "Water" in page and "removed" in page


def test_qa_approves_on_the_page_and_a_wrong_password_changes_nothing(lab: Lab) -> None:
    found, qa = draft(lab, supersedes=lab.specification), Desk(lab.qa)
    place, data = f"specifications/{found.code}/2/", {"effective_from": lab.today.isoformat()}
    assert "signing_password" in text(qa.get(place)) and "signing_password" not in text(Desk(lab.analyst).get(place))
    wrong = qa.post(place, {**data, "signing_user_id": lab.qa.user_id, "signing_password": "not it"})
    found.refresh_from_db()
    assert wrong.status_code >= 400 and found.state == "draft"
    assert qa.post(place, data, sign=True).status_code == 302
    found.refresh_from_db()
    assert (found.state, found.effective_from) == ("approved", lab.today)


def lines(*rows: tuple[str, str, str, str]) -> dict[str, list[str]]:
    return {f"line_{name}": [row[i] for row in rows] for i, name in enumerate(("name", "method", "limit", "unit"))}


def test_the_supervisor_drafts_on_the_page_and_empty_rows_are_left_out(lab: Lab) -> None:
    head = {"title": "In-process", "substance": str(lab.product.pk), "stage": "in_process", "market": ""}
    given = {**head, **lines(("Water", "M-WATER", "≤ 2.0", "%"), ("", "", "", ""))}
    assert Desk(lab.supervisor).post("specifications/draft/", given).status_code == 302
    made = Specification.objects.get(stage="in_process")
    assert [(c.name, c.limit) for c in made.criteria.all()] == [("Water", "≤ 2.0")]


def test_a_line_without_a_limit_or_with_an_unknown_method_is_refused_and_kept_on_the_page(lab: Lab) -> None:
    head = {"title": "In-process", "substance": str(lab.product.pk), "stage": "in_process", "market": ""}
    for row in (("Water", "M-WATER", "", "%"), ("Water", "M-NONE", "≤ 2.0", "%")):
        answer = Desk(lab.supervisor).post("specifications/draft/", {**head, **lines(row)})
        assert answer.status_code == 422 and "Line 1 has no test" in text(answer) and 'value="Water"' in text(answer)
    assert not Specification.objects.filter(stage="in_process").exists()


def test_the_next_version_keeps_what_the_text_of_a_limit_does_not_say(lab: Lab) -> None:
    staged = [
        {
            "name": "Uniformity",
            "method": lab.units_method("M-CU", 10),
            "limit": "AV ≤ 15.0",
            "parameters": {"target": "102.0"},
        }
    ]
    first = approve(
        lab,
        specifications.draft_specification(lab.supervisor, lab.product, title="S", stage="incoming", criteria=staged),
    )
    head = {"title": "S", "substance": str(lab.product.pk), "stage": "incoming", "market": ""}
    answer = Desk(lab.supervisor).post(
        f"specifications/draft/?after={first.code}/1", {**head, **lines(("Uniformity", "M-CU", "AV ≤ 14.0", ""))}
    )
    assert answer.status_code == 302
    line = Specification.objects.get(code=first.code, number=2).criteria.get()
    assert (line.limit, line.acceptance, line.parameters) == ("AV ≤ 14.0", "uniformity", {"target": "102.0"})


def test_a_test_in_stages_needs_a_method_of_as_many_single_readings(lab: Lab) -> None:
    staged = [{"name": "Dissolution", "method": lab.water, "limit": "Q = 80", "unit": "%"}]
    with pytest.raises(Refused, match="the first on 6 units"):
        specifications.draft_specification(lab.supervisor, lab.product, title="S", stage="incoming", criteria=staged)


def test_an_analyst_cannot_open_the_draft_page(lab: Lab) -> None:
    assert Desk(lab.analyst).get("specifications/draft/").status_code == 403


def test_another_sponsors_specification_is_not_there(lab: Lab) -> None:
    other = factories.sponsor("OTHER")
    factories.program("LQ-7", owner=other)
    stranger = factories.person("sponsor_lead", factories.program("LQ-7"), organization=other)
    assert Desk(stranger).get(f"specifications/{lab.specification.code}/1/").status_code == 404
    assert Desk(stranger, "LQ-7").get(f"specifications/{lab.specification.code}/1/").status_code == 404


def test_an_effective_day_that_is_no_day_is_no_failure_of_the_house(lab: Lab) -> None:
    found = draft(lab, supersedes=lab.specification)
    answer = Desk(lab.qa).post(f"specifications/{found.code}/2/", {"effective_from": "soon"}, sign=True)
    found.refresh_from_db()
    assert 400 <= answer.status_code < 500 and found.state == "draft"
