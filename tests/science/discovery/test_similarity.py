"""Similarity search: what the index finds is what a comparison with every molecule finds, in the order that it states."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator

from crdmo.science.discovery import similarity as s
from crdmo.science.discovery.fingerprints import TOOLKIT, fingerprint_rows
from crdmo.science.discovery.popcount import bits_of, common_bits
from crdmo.science.discovery.similarity_index import FingerprintIndex
from crdmo.science.method import MethodError, call, to_json
from tests import shared_data

ADME = "discovery/adme/ADME_public_set_3521.csv"


@pytest.fixture(scope="module")
def smiles() -> list[str]:
    with shared_data.path(ADME).open(encoding="utf-8") as file:
        return [row["SMILES"] for row in csv.DictReader(file)][:600]


@pytest.fixture(scope="module")
def index(smiles: list[str]) -> FingerprintIndex:
    rows = fingerprint_rows([Chem.MolFromSmiles(one) for one in smiles])
    return FingerprintIndex.build([f"M{i}" for i in range(len(smiles))], rows, "morgan2")


def brute(ids, rows, query, alpha, beta, threshold, most):
    """Compare with every row, in plain arithmetic on sets of bits."""
    a = {i for i, bit in enumerate(np.unpackbits(query.view(np.uint8), bitorder="little")) if bit}
    found = []
    for name, row in zip(ids, rows, strict=True):
        b = set(np.flatnonzero(np.unpackbits(row.view(np.uint8), bitorder="little")).tolist())
        common = len(a & b)
        if common:
            value = 1000 * common / (1000 * common + alpha * len(a - b) + beta * len(b - a))
            if value >= threshold:
                found.append((-value, name))
    return [(name, -value) for value, name in sorted(found)][:most]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_hits_are_those_of_a_comparison_with_every_row(data) -> None:
    # Few bits in few classes: many ties, empty rows and rows that hold or lie within the query.
    few = st.sets(st.sampled_from([0, 1, 63, 64, 200, 511, 1023]), max_size=7)
    sets = data.draw(st.lists(few, min_size=1, max_size=25))
    rows = np.zeros((len(sets), 1024), dtype=np.uint8)
    for row, bits in zip(rows, sets, strict=True):
        row[list(bits)] = 1
    words = np.packbits(rows, axis=1, bitorder="little").view(np.uint64)
    ids = data.draw(st.permutations([f"x{i}" for i in range(len(sets))]))
    alpha, beta = data.draw(st.sampled_from([(1000, 1000), (500, 500), (1000, 0), (0, 1000), (900, 100), (333, 2500)]))
    threshold = data.draw(st.sampled_from([0.0, 0.25, 1 / 3, 0.5, 0.7, 1.0]))
    most = data.draw(st.sampled_from([None, 1, 2, 5, 100]))
    made = FingerprintIndex.build(ids, words, "morgan2")
    hits = made.search(words[0], s.Weights(alpha, beta), threshold=threshold, most=most)
    assert [(hit.id, hit.similarity) for hit in hits] == brute(ids, words, words[0], alpha, beta, threshold, most)


@pytest.mark.parametrize(
    ("measure", "alpha", "beta", "peer"),
    [
        ("tanimoto", None, None, DataStructs.BulkTanimotoSimilarity),
        ("dice", None, None, DataStructs.BulkDiceSimilarity),
        ("tversky", 0.9, 0.1, lambda q, f: DataStructs.BulkTverskySimilarity(q, f, 0.9, 0.1)),
    ],
)
def test_similarities_are_those_of_the_toolkit_on_real_molecules(measure, alpha, beta, peer, smiles, index) -> None:
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    theirs = [generator.GetFingerprint(Chem.MolFromSmiles(one)) for one in smiles]
    for i in (0, 77, 311):
        query = fingerprint_rows([Chem.MolFromSmiles(smiles[i])])[0]
        hits = index.search(query, s.weights_of(measure, alpha, beta))
        expected = {f"M{n}": value for n, value in enumerate(peer(theirs[i], theirs)) if value > 0}
        assert {hit.id: hit.similarity for hit in hits} == pytest.approx(expected, rel=1e-12)
        top = index.search(query, s.weights_of(measure, alpha, beta), most=10)
        assert top == hits[:10]
        assert [(-h.similarity, h.id) for h in hits] == sorted((-h.similarity, h.id) for h in hits)


def test_equal_similarities_stand_in_the_order_of_their_identifiers() -> None:
    found = s.similarity_search(query="CCO", structures={"b": "OCC", "a10": "CCO", "a9": "C(O)C", "z": "CCN"}, most=2)
    assert [hit.id for hit in found.hits] == ["a10", "a9"]


def test_tversky_with_all_weight_on_the_query_finds_what_holds_it_and_is_not_symmetric() -> None:
    two = {"long": "CCCCCCO"}
    forward = s.similarity_search(query="CCO", structures=two, measure="tversky", alpha=1.0, beta=0.0).hits[0]
    back = s.similarity_search(query="CCO", structures=two, measure="tversky", alpha=0.0, beta=1.0).hits[0]
    plain = s.similarity_search(query="CCO", structures=two).hits[0]
    assert forward.similarity > plain.similarity
    assert forward.similarity != back.similarity


def test_classes_that_cannot_hold_a_hit_are_not_read(index, monkeypatch) -> None:
    read = []
    monkeypatch.setattr(
        "crdmo.science.discovery.similarity_index.common_bits",
        lambda rows, query: read.append(len(rows)) or common_bits(rows, query),
    )
    query = index.rows[300]
    index.search(query, s.weights_of("tanimoto"), threshold=0.8)
    some, read[:] = sum(read), []
    index.search(query, s.weights_of("tanimoto"))
    bits = bits_of(index.rows)
    within = np.count_nonzero((bits >= 0.8 * bits[300]) & (0.8 * bits <= bits[300]))
    assert some == within < sum(read) == len(index)


def test_the_loop_is_compiled_anew_where_it_cannot_be_kept(monkeypatch) -> None:
    import numba

    from crdmo.science.discovery import popcount

    asked = []

    def njit(signature, **how):
        asked.append(how)
        if how.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: function

    monkeypatch.setattr(numba, "njit", njit)
    assert popcount._compiled.__wrapped__() is popcount._common
    assert len(asked) == 2


def test_an_index_comes_back_from_its_bytes_and_names_what_made_it(index) -> None:
    data = index.to_bytes()
    again = FingerprintIndex.from_bytes(data)
    assert (again.digest, again.ids, again.toolkit, len(again)) == (index.digest, index.ids, TOOLKIT, 600)
    assert again.to_bytes() == data
    query = index.rows[5]
    assert again.search(query, s.weights_of("dice"), most=5) == index.search(query, s.weights_of("dice"), most=5)


def test_the_digest_does_not_depend_on_the_order_of_the_molecules(index) -> None:
    back = np.arange(len(index))[::-1]
    other = FingerprintIndex.build([index.ids[i] for i in back], np.ascontiguousarray(index.rows[back]), "morgan2")
    assert other.digest == index.digest


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d[:-1],
        lambda d: d + b"\0",
        lambda d: d[:-9] + bytes([d[-9] ^ 1]) + d[-8:],
        lambda d: d.replace(b"\nM", b"\nN", 1),
        lambda d: b"",
        lambda d: d[:40],
        lambda d: d.replace(b'"count": 600', b'"count": "600"'),
        lambda d: d.replace(b'"count": 600', b'"count": -60'),
    ],
    ids=["cut", "longer", "a bit turned", "renamed", "empty", "header cut", "count as text", "count below 0"],
)
def test_a_torn_or_altered_index_is_refused(index, spoil) -> None:
    with pytest.raises(MethodError):
        FingerprintIndex.from_bytes(spoil(index.to_bytes()))


def test_an_index_of_another_toolkit_is_refused_with_the_way_out(index) -> None:
    old = FingerprintIndex.build(index.ids, index.rows, "morgan2", toolkit="RDKit 2019.03.1")
    with pytest.raises(MethodError, match="build it anew"):
        FingerprintIndex.from_bytes(old.to_bytes())


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"size": 256}, "of this length is not made"),
        ({"query": "C1CC"}, "cannot be read"),
        ({"query": ""}, "no structure"),
        ({"query": "[Na+]", "fingerprint": "rdkit"}, "no bit"),
        ({"threshold": 70.0}, "write 70 % as 0.7"),
        ({"threshold": float("nan")}, "no similarity"),
        ({"most": 0}, "count"),
        ({"measure": "tversky"}, "no weights"),
        ({"measure": "tversky", "alpha": 0.0, "beta": 0.0}, "no weights"),
        ({"measure": "tversky", "alpha": 1 / 3, "beta": 1.0}, "three decimals"),
        ({"measure": "tversky", "alpha": float("inf"), "beta": 1.0}, "no weights"),
        ({"alpha": 1.0}, "no weights to choose"),
        ({"structures": {"bad": "C1CC"}}, "bad: "),
        ({"structures": {"two\nlines": "CC"}}, "identifier"),
    ],
)
def test_what_cannot_be_searched_is_refused(change, why) -> None:
    """A threshold on 256 folded bits is one of them."""
    with pytest.raises(MethodError, match=why):
        s.similarity_search(**{"query": "CCO", "structures": {"a": "CCO"}, **change})


def test_the_same_identifier_twice_is_refused() -> None:
    with pytest.raises(MethodError, match="twice"):
        FingerprintIndex.build(["a", "a"], np.zeros((2, 32), dtype=np.uint64), "morgan2")


def test_it_runs_from_plain_json() -> None:
    made = call("discovery.similarity_search", {"query": "CCO", "structures": {}}, {})
    assert to_json(made)["hits"] == []
