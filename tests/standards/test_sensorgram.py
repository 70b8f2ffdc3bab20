"""Sensorgrams as tab-separated text: what is read, what is said, what is refused whole."""

from __future__ import annotations

import gzip

import pytest

from crdmo.standards.refusals import FormatError
from crdmo.standards.sensorgram import read_sensorgrams
from tests import shared_data

HEAD = "Cycle: 1  Drug  50 nM_X\tCycle: 1  Drug  50 nM_Y\tCycle: 2  Drug  100 n_X\tCycle: 2  Drug  100 n_Y\r\n"
GOOD = HEAD + "-1\t0.5\t-1.5\t-0.25\r\n0\t\t-0.5\t9.3e-3\r\n1\t2\t0.5\t3\r\n\t\t1.5\t4\t\r\n\t\t\t\r\n"


def test_a_real_export_with_broken_labels() -> None:
    data = gzip.decompress(shared_data.path("discovery/spr/T200_chip1_ch2.txt.gz").read_bytes())
    found = read_sensorgrams(data)
    assert [one.cycle for one in found.sensorgrams] == list(range(15, 23))
    assert [one.amount for one in found.sensorgrams] == [1.562, 3.125, 6.25, 12.5, 25, 50, 100, 200]
    # The export cut the labels after a fixed width: no unit of them is whole, and none is guessed.
    assert {one.unit for one in found.sensorgrams} == {None}
    assert found.sensorgrams[4].label.endswith("25 µg") and found.sensorgrams[0].seconds[0] == -60.06
    assert sum(said.criterion == "label" for said in found.findings) == 8
    assert any(said.criterion == "encoding" and "0xb5" in said.what for said in found.findings)
    gaps = {said.place.split()[1]: said.what for said in found.findings if said.criterion == "gap"}
    assert gaps == {
        "18": "179 times have no response",
        "19": "9 times have no response",
        "21": "8 times have no response",
    }


def test_columns_may_end_at_different_rows_and_spikes_may_be_cut_out() -> None:
    found = read_sensorgrams(GOOD.encode())
    first, second = found.sensorgrams
    assert (first.seconds, first.response) == ((-1.0, 1.0), (0.5, 2.0)) and len(second.seconds) == 4
    assert (first.amount, first.unit, second.amount, second.unit) == (50.0, "nM", 100.0, None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_the_micro_sign_in_any_encoding(encoding: str) -> None:
    found = read_sensorgrams(GOOD.replace("nM", "µM").encode(encoding))
    assert found.sensorgrams[0].unit == "µM"
    assert any(said.criterion == "encoding" for said in found.findings) is (encoding == "latin-1")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no text"),
        ("\x00\x01\x02", "no text"),
        ("time\tresponse\n1\t2\n2\t3\n", "pairs of columns"),
        ("a_X\ta_Y\ta_X\ta_Y\n1\t2\t1\t2\n", "pairs of columns"),
        ("a_X\tb_Y\n1\t2\n2\t3\n", "pairs of columns"),
        ("a_X\ta_Y\n1\t2\n", "no points"),
        ("a_X\ta_Y\n2\t2\n1\t3\n", "do not rise"),
        ("a_X\ta_Y\n1\t2,5\n2\t3\n", "no number"),
        ("a_X\ta_Y\n1\t=SUM(A1)\n2\t3\n", "no number"),
        ("a_X\ta_Y\n1\tNaN\n2\t3\n", "no number"),
        ("a_X\ta_Y\n1\t1e999\n2\t3\n", "no number"),
        ("a_X\ta_Y\n1\t2\n\t\n3\t4\n", "after its end"),
        ("a_X\ta_Y\n1\t2\n\t5\n3\t4\n", "without a time"),
        ("a_X\ta_Y\n1\t2\t9\n3\t4\n", "wider than the header"),
    ],
)
def test_refusals(text: str, said: str) -> None:
    with pytest.raises(FormatError, match=said):
        read_sensorgrams(text.encode())
