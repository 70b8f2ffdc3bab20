"""A series is signed in one ceremony; each record is bound by itself."""

from __future__ import annotations

import pytest

from crdmo.foundation.documents.models import DocumentVersion
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.refusals import Conflict
from crdmo.foundation.signing import Series, sign_series, signable, signatures_of
from crdmo.foundation.signing.models import Signature
from tests.foundation.signing.desk import Desk, another_version, both, signed


@pytest.fixture
def series(desk: Desk) -> list[DocumentVersion]:
    return [desk.version, *(another_version(desk, f"SOP-{n}") for n in (8, 9, 10))]


def correct(version: DocumentVersion) -> None:
    with act(SYSTEM, "documents.edit", "correction") as opened:
        opened.change(DocumentVersion.objects.get(pk=version.pk), text="corrected")


def sign_all(desk: Desk, series: list[DocumentVersion]) -> Series:
    seen = {v.id: v.version for v in series}
    with act(desk.reviewer, "documents.review") as opened:
        return sign_series(opened, series, "reviewed", both(desk.reviewer), seen=seen)


def test_a_series_is_one_ceremony_with_a_sequence(desk: Desk, series: list[DocumentVersion]) -> None:
    made = sign_all(desk, series).signed
    assert len({s.ceremony for s in made}) == 1
    assert [s.sequence for s in made] == [1, 2, 3, 4]


def test_each_record_of_a_series_is_bound_by_itself(desk: Desk, series: list[DocumentVersion]) -> None:
    made = sign_all(desk, series).signed
    assert [s.target_id for s in made] == [v.id for v in series]
    assert len({s.content_hash for s in made}) == len({s.target_hash for s in made}) == 4


def test_the_signer_is_checked_once_for_a_series(
    desk: Desk, series: list[DocumentVersion], monkeypatch: pytest.MonkeyPatch
) -> None:
    from crdmo.foundation.accounts.models import Login

    asked = []
    check = Login.check_password
    monkeypatch.setattr(Login, "check_password", lambda self, raw: asked.append(raw) or check(self, raw))
    sign_all(desk, series)
    assert len(asked) == 1


def test_one_that_changed_meanwhile_is_left_out_and_named(desk: Desk, series: list[DocumentVersion]) -> None:
    correct(series[2])
    done = sign_all(desk, series)
    assert [s.target_id for s in done.signed] == [series[0].id, series[1].id, series[3].id]
    (left,) = done.excluded
    assert left.record == series[2]
    assert "SOP-9 version 1 was changed since it was shown" in str(left.refused)
    assert signatures_of(series[2]) == []


def test_one_that_was_made_by_the_signer_is_left_out(desk: Desk, series: list[DocumentVersion]) -> None:
    with act(desk.reviewer, "documents.edit", "typing error") as opened:
        opened.change(series[1], text="own words")
    done = sign_all(desk, series)
    assert [e.record for e in done.excluded] == [series[1]]


def test_a_series_of_which_nothing_can_be_signed_is_refused(desk: Desk, series: list[DocumentVersion]) -> None:
    for version in series:
        correct(version)
    with pytest.raises(Conflict, match="changed since it was shown"):
        sign_all(desk, series)


def test_sign_takes_all_or_nothing(desk: Desk, series: list[DocumentVersion]) -> None:
    correct(series[3])
    with pytest.raises(Conflict, match="SOP-10 version 1 was changed"):
        signed(desk.reviewer, series)
    assert not Signature.objects.exists()


def test_a_step_moves_on_only_what_can_be_signed(desk: Desk, series: list[DocumentVersion]) -> None:
    correct(series[0])
    seen = {v.id: v.version for v in series}
    with act(desk.approver, "documents.approve") as opened:
        ready, left = signable(opened, series, "approved", seen=seen)
        for version in ready:
            opened.change(version, state="approved")
        done = sign_series(opened, ready, "approved", both(desk.approver), seen=seen)
    assert (len(done.signed), done.excluded, [e.record for e in left]) == (3, [], [series[0]])
    assert DocumentVersion.objects.filter(state="approved").count() == 3


def test_a_long_series_takes_few_queries(
    desk: Desk, series: list[DocumentVersion], django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    with django_assert_max_num_queries(45):
        sign_all(desk, series)
    more = [another_version(desk, f"SOP-{n}") for n in range(100, 130)]
    with django_assert_max_num_queries(45):
        sign_all(desk, more)
