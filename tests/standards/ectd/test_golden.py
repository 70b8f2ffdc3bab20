"""The golden application: what stands after each sequence, and one finding for each mutation."""

from __future__ import annotations

import pytest

from crdmo.standards.ectd import Target, changes, current_view, from_memory, read_application, validate
from tests.standards.ectd import golden


def findings(files: dict[str, bytes]) -> list[tuple[str, str, str]]:
    return [(f.criterion, f.place, f.what) for f in validate(read_application(from_memory(files)))]


@pytest.fixture(scope="module")
def sound() -> list[tuple[str, str, str]]:
    return findings(golden.application())


def test_ten_leaves_stand_after_each_sequence_and_the_replaced_one_is_gone() -> None:
    application = read_application(from_memory(golden.application()))
    assert len(current_view(application, "0000").payload) == 10
    after = current_view(application)
    assert len(after.payload) == 10
    old = Target("0000", "index.xml", "alpha-spec-v1")
    new = next(one for one in after.payload if one.leaf.identifier == "alpha-spec-v2")
    assert old in after.gone
    assert new.history == (old,)
    difference = changes(application, "0000", "0001")
    assert {one.leaf.identifier for one in difference["came"]} >= {"alpha-spec-v2"}
    assert old in {one.target for one in difference["went"]}


def test_two_manufacturers_of_a_substance_stay_apart_and_an_id_may_stand_in_both_backbones(
    sound: list[tuple[str, str, str]],
) -> None:
    view = current_view(read_application(from_memory(golden.application())), "0000")
    makers = {
        dict(node.attributes)["manufacturer"]
        for one in view.payload
        for node in one.leaf.place
        if node.element == "m3-2-s-drug-substance"
    }
    assert makers == {"Alpha", "Beta"}
    assert sum(one.leaf.identifier == "overview" for one in view.payload) == 2
    assert "ECTD-B03" not in {criterion for criterion, _, _ in sound}


def test_the_sound_application_has_only_what_the_fda_does_not_take(sound: list[tuple[str, str, str]]) -> None:
    assert {criterion for criterion, _, _ in sound} == {"ECTD-A08", "ECTD-B11", "ECTD-S04"}


def _bytes_appended(files: dict[str, bytes]) -> None:
    files["0000/m2/25-clin-over/overview.pdf"] += b"x"


def _first_absent(files: dict[str, bytes]) -> None:
    for path in [path for path in files if path.startswith("0000/")]:
        del files[path]


SPEC = '<m3-2-s-drug-substance substance="Drug A"'
TARGET = "../0000/index.xml#alpha-spec-v1"


@pytest.mark.parametrize(
    ("edit_0000", "edit_0001", "spoil", "criterion", "place"),
    [
        ({f'{SPEC} manufacturer="Alpha">': f"{SPEC}>"}, {}, None, "ECTD-B02", "0000/index.xml line"),
        ({'ID="qos-beta"': 'ID="qos-alpha"'}, {}, None, "ECTD-B03", "leaf qos-alpha"),
        ({}, {TARGET: "../../other-application/0000/index.xml#alpha-spec-v1"}, None, "ECTD-L05", "alpha-spec-v2"),
        ({}, {TARGET: "../0000/m1/us/us-regional.xml#alpha-spec-v1"}, None, "ECTD-L07", "alpha-spec-v2"),
        ({}, {}, _first_absent, "ECTD-L06", "alpha-spec-v2"),
        ({}, {}, _bytes_appended, "ECTD-A06", "leaf overview"),
        ({"25-clin-over/overview.pdf": "25-clin-over/missing.pdf"}, {}, None, "ECTD-A05", "leaf overview"),
    ],
    ids=["attribute", "double id", "other application", "no such leaf", "no history", "checksum", "missing file"],
)
def test_a_mutation_gives_one_finding_and_no_cascade(
    edit_0000: dict[str, str],
    edit_0001: dict[str, str],
    spoil: object,
    criterion: str,
    place: str,
    sound: list[tuple[str, str, str]],
) -> None:
    files = golden.application(edit_0000, edit_0001)
    if callable(spoil):
        spoil(files)
    more = [one for one in findings(files) if one not in sound]
    assert [one[0] for one in more] == [criterion]
    assert place in more[0][1]


@pytest.mark.parametrize(
    ("edit", "criterion"),
    [
        ({'operation="replace"': 'operation="swap"'}, "ECTD-B05"),
        ({f' modified-file="{TARGET}"': ""}, "ECTD-L02"),
        ({'operation="replace"': 'operation="new"'}, "ECTD-L03"),
        ({TARGET: "../0000/index.xml"}, "ECTD-L04"),
        ({TARGET: "../0002/index.xml#alpha-spec-v1"}, "ECTD-L10"),
        ({'checksum-type="md5" xlink:href="m3': 'checksum-type="sha" xlink:href="m3'}, "ECTD-B06"),
        ({"<title>Specification</title>": "<title> </title>"}, "ECTD-B07"),
        ({'ID="alpha-spec-v2"': 'ID="2-alpha"'}, "ECTD-B04"),
        ({TARGET: "../0000/index.xml#beta-spec-v1"}, "ECTD-L11"),
        ({'operation="replace"': 'operation="delete"'}, "ECTD-L09"),
        ({'xlink:href="m3/': 'xlink:href="https://example.org/m3/'}, "ECTD-B09"),
    ],
)
def test_every_fault_of_the_life_cycle_has_its_criterion(
    edit: dict[str, str], criterion: str, sound: list[tuple[str, str, str]]
) -> None:
    more = [one[0] for one in findings(golden.application({}, edit)) if one not in sound]
    assert criterion in more
    assert set(more) <= {criterion, "ECTD-A04"}


def test_a_leaf_is_not_replaced_twice_and_the_first_sequence_changes_nothing() -> None:
    files = golden.application()
    files |= {path.replace("0001/", "0002/", 1): data for path, data in files.items() if path.startswith("0001/")}
    found = [one for one in findings(files) if one[0] == "ECTD-L08"]
    assert len(found) == 1 and "0001/index.xml#alpha-spec-v2 took its place" in found[0][2]
    first = {'ID="qos-beta" operation="new"': f'ID="qos-beta" operation="replace" modified-file="{TARGET}"'}
    assert "ECTD-L01" in [one[0] for one in findings(golden.application(first))]


def test_append_leaves_its_target_and_delete_takes_it_away() -> None:
    appended = golden.application({}, {'operation="replace"': 'operation="append"'})
    view = current_view(read_application(from_memory(appended)))
    assert len(view.payload) == 11
    one = next(one for one in view.payload if one.leaf.identifier == "alpha-spec-v2")
    assert one.appended_to == Target("0000", "index.xml", "alpha-spec-v1")
    deleted = golden.application({}, {'operation="replace"': 'operation="delete"'})
    assert len(current_view(read_application(from_memory(deleted))).payload) == 9
