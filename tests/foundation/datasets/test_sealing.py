"""A sealed table is one entry of the ledger; its rows come back, a row group can be proven, a changed cell is found."""

from __future__ import annotations

import dataclasses
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from crdmo.foundation import datasets
from crdmo.foundation.datasets import pieces, store
from crdmo.foundation.datasets.models import Dataset
from crdmo.foundation.datasets.pieces import PieceError
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import Invalid, Refused
from tests import factories

pytestmark = pytest.mark.django_db
ROWS = 2 * (1 << 17) + 1000


def _plates(rows: int = ROWS) -> pl.DataFrame:
    noise = np.random.default_rng(7)
    return pl.DataFrame(
        {
            "plate": np.arange(rows, dtype=np.int32) // 384,
            "well": np.arange(rows, dtype=np.int16) % 384,
            "signal": noise.normal(1000.0, 50.0, rows),
            "compound": [f"C-{i % 97:04d}" for i in range(rows)],
        }
    )


def _seal(frame: pl.DataFrame | bytes | Path, **more) -> Dataset:
    program = factories.program()
    with act(SYSTEM, "datasets.seal") as opened:
        return datasets.seal(opened, program=program, name="Plates", kind="plate_readings", data=frame, **more)


def _held(dataset: Dataset) -> Path:
    place = store.path(dataset.blob)
    place.chmod(0o644)
    return place


def test_sealing_writes_one_entry():
    factories.program()
    before = Entry.objects.count()
    _seal(_plates(10))
    assert Entry.objects.count() == before + 1


def test_the_rows_come_back():
    frame = _plates(1000)
    assert datasets.frame(_seal(frame)).equals(frame)


def test_what_the_record_says_of_its_columns():
    dataset = _seal(_plates(10), units={"signal": "[RFU]"}, device="READER-02", note="run 7")
    assert dataset.rows == 10
    assert dataset.columns == [
        {"name": "plate", "type": "Int32", "unit": None},
        {"name": "well", "type": "Int16", "unit": None},
        {"name": "signal", "type": "Float64", "unit": "[RFU]"},
        {"name": "compound", "type": "String", "unit": None},
    ]
    assert dataset.size == store.size(dataset.blob)
    assert dataset.device == "READER-02"


def test_the_same_rows_give_the_same_bytes_whatever_their_chunks():
    frame = _plates(5000)
    parts = pl.concat([frame[:1234], frame[1234:]], rechunk=False)
    assert parts.n_chunks() == 2
    assert _seal(frame).blob == _seal(parts).blob


@pytest.mark.clause("21 CFR 11.10(b)")
def test_the_original_file_is_kept_beside_the_table():
    raw = b"plate;well\r\n1;2\r\n"
    dataset = _seal(_plates(10), original=raw, file_name="plates.csv")
    assert datasets.read_original(dataset) == raw
    assert dataset.file_name == "plates.csv"


def test_a_table_that_was_not_read_from_a_file_has_no_original():
    with pytest.raises(Invalid, match="was not read from a file"):
        datasets.read_original(_seal(_plates(10)))


def test_a_file_is_sealed_as_it_is():
    dataset = _seal(b"\x89PNG...", media_type="image/png")
    assert datasets.read(dataset) == b"\x89PNG..."
    assert dataset.rows is None
    with pytest.raises(Invalid, match="is a file, not a table"):
        datasets.scan(dataset)


def test_a_parquet_file_is_sealed_without_being_rewritten(tmp_path: Path):
    source = tmp_path / "given.parquet"
    _plates(100).write_parquet(source)
    dataset = _seal(source)
    assert datasets.read(dataset) == source.read_bytes()
    assert dataset.rows == 100


def test_an_empty_table_can_be_sealed():
    dataset = _seal(_plates(0))
    assert dataset.rows == 0
    assert datasets.frame(dataset).height == 0
    assert datasets.altered(dataset) == []


def test_an_empty_file_can_be_sealed():
    dataset = _seal(b"")
    assert datasets.read(dataset) == b""
    assert datasets.altered(dataset) == []


def test_a_unit_for_no_column_is_refused():
    with pytest.raises(Invalid, match="a unit is given for no column"):
        _seal(_plates(10), units={"signl": "[RFU]"})
    assert not Dataset.objects.exists()


def test_a_column_without_a_plain_name_is_refused():
    with pytest.raises(Invalid, match="a column needs a plain name"):
        _seal(pl.DataFrame({" a": [1]}))


def test_a_row_group_is_proven_without_the_rest():
    frame = _plates()
    dataset = _seal(frame)
    proof = datasets.prove_row_group(dataset, 1)
    rows = datasets.verify_row_group(proof, dataset.pieces_root)
    assert rows.equals(frame[1 << 17 : 2 << 17])
    shown = len(proof.header) + len(proof.group) + len(proof.footer)
    assert shown < 0.55 * dataset.size


def test_every_row_group_can_be_proven():
    frame = _plates()
    dataset = _seal(frame)
    parts = [datasets.verify_row_group(datasets.prove_row_group(dataset, i), dataset.pieces_root) for i in range(3)]
    assert pl.concat(parts).equals(frame)


def test_there_is_no_proof_for_a_row_group_that_is_not_there():
    dataset = _seal(_plates(10))
    with pytest.raises(Invalid, match="there is no row group 1: this file has 1"):
        datasets.prove_row_group(dataset, 1)


@pytest.mark.parametrize("part", ["header", "group", "footer"])
def test_a_proof_with_one_flipped_byte_is_refused(part: str):
    dataset = _seal(_plates(1000))
    proof = datasets.prove_row_group(dataset, 0)
    data = bytearray(getattr(proof, part))
    data[len(data) // 2] ^= 1
    with pytest.raises(PieceError, match="is not in this dataset"):
        datasets.verify_row_group(dataclasses.replace(proof, **{part: bytes(data)}), dataset.pieces_root)


def test_a_proof_of_one_row_group_does_not_pass_for_another():
    dataset = _seal(_plates())
    proof = dataclasses.replace(datasets.prove_row_group(dataset, 1), index=0)
    with pytest.raises(PieceError, match="row group 0"):
        datasets.verify_row_group(proof, dataset.pieces_root)


def test_a_proof_does_not_pass_for_another_dataset():
    one, other = _seal(_plates(1000)), _seal(_plates(1001))
    with pytest.raises(PieceError, match="is not in this dataset"):
        datasets.verify_row_group(datasets.prove_row_group(one, 0), other.pieces_root)


@pytest.mark.parametrize("hashes", ["fewer", "more"])
def test_a_proof_with_too_few_or_too_many_hashes_is_refused(hashes: str):
    dataset = _seal(_plates())
    proof = datasets.prove_row_group(dataset, 0)
    changed = proof.hashes[1:] if hashes == "fewer" else (*proof.hashes, b"\x00" * 32)
    with pytest.raises(PieceError, match="not well formed"):
        datasets.verify_row_group(dataclasses.replace(proof, hashes=changed), dataset.pieces_root)


@pytest.mark.clause("21 CFR 11.10(a)")
@pytest.mark.parametrize("group", [0, 1, 2])
def test_a_changed_cell_is_found_and_its_row_group_named(group: int):
    frame = _plates()
    dataset = _seal(frame)
    row = group * (1 << 17) + 500
    changed = frame.with_columns(
        pl.when(pl.int_range(pl.len()) == row).then(pl.lit(0.0)).otherwise(pl.col("signal")).alias("signal")
    )
    # The forger writes a sound Parquet file of the same layout; only the bytes of one group may differ.
    out = io.BytesIO()
    changed.write_parquet(out, compression="zstd", row_group_size=1 << 17, statistics=True)
    forged, honest = out.getvalue(), store.get(dataset.blob)
    part = datasets.reading.pieces_of(dataset)[group + 1]
    mixed = bytearray(honest)
    differing = [i for i in range(part.at, part.at + part.size) if i < len(forged) and forged[i] != honest[i]]
    mixed[differing[0]] = forged[differing[0]]
    _held(dataset).write_bytes(bytes(mixed))
    assert datasets.altered(dataset) == [f"Plates: row group {group} was altered"]


def test_altered_header_and_footer_are_named():
    dataset = _seal(_plates(1000))
    honest = store.get(dataset.blob)
    place = _held(dataset)
    place.write_bytes(b"X" + honest[1:])
    assert datasets.altered(dataset) == ["Plates: the header was altered"]
    place.write_bytes(honest[:-9] + bytes([honest[-9] ^ 1]) + honest[-8:])
    assert datasets.altered(dataset) == ["Plates: the footer was altered"]


def test_bytes_added_at_the_end_are_found():
    dataset = _seal(_plates(1000))
    place = _held(dataset)
    place.write_bytes(place.read_bytes() + b"\x00")
    assert datasets.altered(dataset) == ["Plates: the footer was altered"]


def test_random_flips_are_all_found_in_the_right_piece():
    dataset = _seal(_plates(3000))
    honest = store.get(dataset.blob)
    parts = datasets.reading.pieces_of(dataset)
    place, chance = _held(dataset), np.random.default_rng(11)
    for at in chance.integers(0, len(honest), 300):
        flipped = bytearray(honest)
        flipped[at] ^= 1 << int(chance.integers(8))
        place.write_bytes(bytes(flipped))
        expected = next(i for i, part in enumerate(parts) if part.at <= at < part.at + part.size)
        with place.open("rb") as file:
            assert pieces.wrong(file, len(flipped), parts) == [expected]


def test_a_missing_file_is_named():
    dataset = _seal(_plates(10))
    _held(dataset).unlink()
    assert datasets.altered(dataset) == ["Plates: the file is missing"]


def test_an_untouched_dataset_has_nothing_altered():
    assert datasets.altered(_seal(_plates(1000))) == []


def test_a_forged_list_of_pieces_is_refused():
    dataset = _seal(_plates(10))
    dataset.pieces = store.put(b"[]")
    with pytest.raises(Refused, match="list of pieces"):
        datasets.reading.pieces_of(dataset)


def test_a_piece_of_a_large_plain_file_is_named():
    dataset = _seal(os.urandom(3 * pieces.PIECE + 5))
    place = _held(dataset)
    data = bytearray(place.read_bytes())
    data[pieces.PIECE + 9] ^= 1
    place.write_bytes(bytes(data))
    assert datasets.altered(dataset) == [f"Plates: the piece from byte {pieces.PIECE} was altered"]


def test_ten_million_rows_are_queried_in_two_seconds():
    rows = 10_000_000
    plate = np.arange(rows, dtype=np.int32) // 384
    frame = pl.DataFrame({"plate": plate, "signal": (plate % 1000).astype(np.int16)})
    dataset = _seal(frame)
    start = time.perf_counter()
    found = datasets.scan(dataset).group_by("plate").agg(pl.col("signal").mean()).collect()
    one = datasets.scan(dataset).filter(pl.col("plate") == 777).collect()
    took = time.perf_counter() - start
    assert found.height == rows // 384 + 1
    assert one["signal"].unique().to_list() == [777]
    assert took < 2.0


@pytest.mark.clause("21 CFR 11.10(h)")
def test_what_an_instrument_sent_names_the_device_and_the_hash_of_its_file():
    raw = b"instrument file"
    state = _seal(_plates(10), original=raw, device="HPLC-07")
    assert (state.device, state.original) == ("HPLC-07", store.name_of(raw))


class TestUploads:
    RAW = b"batch;assay;n\r\nA;99,80;3\r\nB;100,1;4\r\n"
    KINDS = {"batch": "text", "assay": "number", "n": "integer"}

    def upload(self, raw: bytes, **more) -> Dataset:
        program = factories.program()
        with act(SYSTEM, "datasets.seal") as opened:
            return datasets.seal_upload(
                opened, raw, "assay.csv", name="Assay", kind="results", program=program, columns=self.KINDS, **more
            )

    def test_an_uploaded_table_is_sealed_with_its_file(self):
        dataset = self.upload(self.RAW, units={"assay": "%"})
        assert datasets.frame(dataset).rows() == [("A", 99.8, 3), ("B", 100.1, 4)]
        assert datasets.read_original(dataset) == self.RAW
        assert (dataset.file_name, dataset.columns[1]["unit"]) == ("assay.csv", "%")

    def test_of_a_doubtful_table_nothing_is_sealed(self):
        with pytest.raises(Invalid, match=r"assay.csv row 3, column assay: 1,500 can be read in two ways"):
            self.upload(self.RAW.replace(b"100,1", b"1,500"))
        assert not Dataset.objects.exists()
        assert list(store.names()) == []


SEALER = """
import sys, django
django.setup()
import polars as pl
from crdmo.foundation import datasets
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.ledger.acts import SYSTEM, act
program = Program.objects.get()
number = 0
while True:
    frame = pl.DataFrame({"n": range(number, number + 20000)})
    with act(SYSTEM, "datasets.seal") as opened:
        dataset = datasets.seal(opened, program=program, name=f"D{number}", kind="series", data=frame)
    print(dataset.id, flush=True)
    number += 1
"""


@pytest.mark.drill
@pytest.mark.django_db(transaction=True)
def test_a_process_killed_while_sealing_leaves_no_record_without_its_bytes(files: Path, tmp_path: Path):
    """Runs on a database file of its own, beside the test's."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "CRDMO_HOME": str(tmp_path / "home"),
        "CRDMO_STORAGE_URL": f"file://{files}",
        "CRDMO_DATABASE_URL": f"sqlite:///{tmp_path / 'sealing.sqlite3'}",
    }
    setup = (
        "import django; django.setup()\n"
        "from django.core.management import call_command; call_command('migrate', run_syncdb=True, verbosity=0)\n"
        "from tests import factories; factories.program()\n"
    )
    subprocess.run([sys.executable, "-c", setup], env=environment, check=True)
    acknowledged: list[str] = []
    for turn in range(4):
        process = subprocess.Popen([sys.executable, "-c", SEALER], env=environment, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        acknowledged.append(process.stdout.readline().strip())
        time.sleep(0.019 * turn)
        process.send_signal(signal.SIGKILL)
        acknowledged += [line for line in process.stdout.read().splitlines() if len(line) == 36]
        process.wait()
    check = (
        "import django; django.setup()\n"
        "from crdmo.foundation import datasets\n"
        "rows = list(datasets.Dataset.objects.all())\n"
        "print(*[f'{r.id} {datasets.altered(r)}' for r in rows], sep='\\n')\n"
    )
    told = subprocess.run([sys.executable, "-c", check], env=environment, check=True, capture_output=True, text=True)
    found = dict(line.split(" ", 1) for line in told.stdout.splitlines())
    assert set(acknowledged) <= set(found)
    assert set(found.values()) == {"[]"}
