"""Tables set numbers in line and keep former values in sight (EU GMP Annex 11, 8.2)."""

from __future__ import annotations

import pytest

from crdmo.foundation.documents import blocks
from crdmo.foundation.documents.blocks import Change, cell, column

CORRECTED = Change("99.08", "99.80", "Ann Analyst", "24 Nov 2026 10:51:00 UTC", "transcription error")
TWO = [column("Month"), column("Assay", align="decimal")]


def test_decimals_are_padded_to_the_longest() -> None:
    made = blocks.table(TWO, [["0", "100.2"], ["3", "99.80"], ["6", "95"]])
    assert [row[1]["pad"] for row in made["rows"]] == ["0", "", ".80"]


def test_the_text_of_a_number_is_never_altered() -> None:
    made = blocks.table(TWO, [["0", "100.2"], ["3", "99.80"], ["6", "<0.05"]])
    assert [row[1]["text"] for row in made["rows"]] == ["100.2", "99.80", "<0.05"]


@pytest.mark.clause("EU GMP Annex 11, 8.2")
def test_a_changed_value_is_marked_and_its_former_value_noted() -> None:
    made = blocks.table(TWO, [["0", "100.2"], ["3", cell("99.80", changes=[CORRECTED])]])
    assert made["rows"][1][1]["changes"] == ["1"]
    (note,) = made["notes"]
    assert note == {"number": "1", "text": "99.08 → 99.80, Ann Analyst, 24 Nov 2026 10:51:00 UTC: transcription error"}


def test_changes_are_numbered_through_the_table() -> None:
    made = blocks.table(TWO, [[cell("0", changes=[CORRECTED]), cell("99.80", changes=[CORRECTED, CORRECTED])]])
    assert [c["changes"] for c in made["rows"][0]] == [["1"], ["2", "3"]]


def test_an_empty_former_value_is_said_in_words() -> None:
    assert Change("", "99.80", "Ann", "today", "").as_text() == "empty → 99.80, Ann, today"


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="a row has 1 cells; the table has 2 columns"):
        blocks.table(TWO, [["0"]])


def test_an_empty_table_is_still_a_table() -> None:
    assert blocks.table(TWO, [])["rows"] == []
