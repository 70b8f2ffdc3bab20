"""Sealed values: closed behind a commitment, opened by an act and no other way, never exported, missed when they change."""

from __future__ import annotations

import pytest

from crdmo.foundation.ledger import acts, verification
from crdmo.foundation.ledger.models import Entry, Sealed
from crdmo.foundation.refusals import Refused
from crdmo.services.clinical.models import Slot
from tests.services.clinical.conftest import trial
from tests.services.clinical.trial import Trial

__all__ = ["trial"]


def test_a_sealed_value_stands_in_row_and_ledger_as_a_commitment(trial: Trial) -> None:
    slot = Slot.objects.order_by("entry")[0]
    assert len(slot.arm) == 64 and slot.arm.encode() in bytes(Entry.objects.get(seq=slot.entry).body)
    # The same arm never has the same commitment twice.
    assert len(set(Slot.objects.values_list("arm", flat=True))) == Slot.objects.count()


def test_only_an_act_opens_it_and_the_opening_is_an_entry(trial: Trial) -> None:
    slot = Slot.objects.order_by("entry")[0]
    assert acts.personal(slot, "arm") is None
    with pytest.raises(Refused):
        acts.erase(acts.SYSTEM, slot, "arm", "by mistake")
    with acts.act(acts.SYSTEM, "clinical.open_list", "test") as act:
        assert act.unseal([slot], "arm")[0] in ("A", "P")
    last = Entry.objects.order_by("-seq")[0]
    assert last.record_type == "ledger.unsealed" and str(slot.pk).encode() in bytes(last.body)
    with acts.act(acts.SYSTEM, "clinical.open_list", "test") as act, pytest.raises(Refused, match="no sealed value"):
        act.unseal([slot], "stratum")


def test_a_value_that_is_exchanged_or_gone_is_found_by_verification(trial: Trial) -> None:
    def findings() -> list[str]:
        return [one.what for one in verification.verify().problems if one.check == "personal"]

    assert findings() == []
    one = Sealed.objects.filter(field="arm").order_by("commitment")[0]
    Sealed.objects.filter(pk=one.pk).update(value='"P"' if one.value == '"A"' else '"A"')
    assert findings() == ["the value is not the one committed to"]
    Sealed.objects.filter(pk=one.pk).delete()
    assert findings() == ["the arm is gone, and no erasure is on record"]
