"""The reference catalogue takes in what was announced, once, and finds what was in force."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

import pytest

from crdmo.foundation import computing, references
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.datasets import store
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.references import Missing, Reference
from crdmo.foundation.refusals import Invalid, NotPermitted, Refused
from tests import factories
from tests.foundation.computing import sample_methods  # noqa: F401 — registers a method

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 1, 1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    place = tmp_path / "ich-ectd-3-2.dtd"
    place.write_bytes(b"<!ELEMENT ectd (m1?)>")
    return place


def add(path: Path, actor=SYSTEM, reason="", **values) -> Reference:
    stated = {
        "name": "ICH eCTD DTD",
        "edition": "3.2.2",
        "kind": "schema",
        "effective_from": DAY,
        "licence": "ICH copyright; not to be redistributed",
        "publisher": "ICH",
        **values,
    }
    return references.add(actor, path, reason=reason, **stated)


def test_a_file_is_taken_in_with_its_digest(file: Path):
    made = add(file)
    assert made.digest == hashlib.sha256(file.read_bytes()).hexdigest()
    assert made.blob == f"sha256:{made.digest}"
    assert made.file_name == "ich-ectd-3-2.dtd"
    assert references.read(made) == file.read_bytes()


def test_the_announced_digest_is_accepted_in_any_usual_form(file: Path):
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert add(file, digest=f"sha256:{digest.upper()}".replace("SHA256", "sha256")).digest == digest


def test_another_digest_than_announced_is_refused(file: Path):
    with pytest.raises(Invalid, match="is not the file that was announced"):
        add(file, digest="0" * 64)
    assert not Reference.objects.exists()


def test_what_is_no_digest_is_refused(file: Path):
    with pytest.raises(Invalid, match="this is no SHA-256"):
        add(file, digest="d41d8cd98f00b204e9800998ecf8427e")


@pytest.mark.parametrize("field", ["licence", "publisher", "edition", "name", "kind"])
def test_a_reference_without_one_of_its_facts_is_refused(file: Path, field: str):
    with pytest.raises(Invalid, match=f"a reference lacks {field}"):
        add(file, **{field: " "})


def test_the_same_file_again_changes_nothing(file: Path):
    assert add(file).id == add(file).id
    assert Reference.objects.count() == 1


def test_the_same_edition_with_other_content_is_refused(file: Path):
    add(file)
    file.write_bytes(b"<!ELEMENT ectd (m1?, m2?)>")
    with pytest.raises(Refused, match="is in the catalogue with other content"):
        add(file)


def test_a_missing_file_is_refused(tmp_path: Path):
    with pytest.raises(Invalid, match="there is no such file"):
        add(tmp_path / "nothing.dtd")


def test_an_empty_file_is_refused(file: Path):
    file.write_bytes(b"")
    with pytest.raises(Invalid, match="the file is empty"):
        add(file)


class TestFinding:
    @pytest.fixture
    def editions(self, file: Path) -> dict[str, Reference]:
        made = {}
        days = {"3.2": dt.date(2004, 2, 4), "3.2.2": dt.date(2008, 7, 16), "4.0": dt.date(2030, 1, 1)}
        for edition, day in days.items():
            file.write_text(f"<!-- {edition} -->")
            made[edition] = add(file, edition=edition, effective_from=day)
        return made

    def test_the_edition_in_force_today_is_found(self, editions):
        assert references.find("ICH eCTD DTD") == editions["3.2.2"]

    def test_the_edition_in_force_on_a_day_is_found(self, editions):
        assert references.find("ICH eCTD DTD", dt.date(2005, 1, 1)) == editions["3.2"]
        assert references.find("ICH eCTD DTD", dt.date(2008, 7, 16)) == editions["3.2.2"]

    def test_an_edition_is_found_by_its_number(self, editions):
        assert references.find("ICH eCTD DTD", edition="4.0") == editions["4.0"]

    def test_before_the_first_edition_there_is_none(self, editions):
        with pytest.raises(Missing, match=r"no ICH eCTD DTD in force on 1999-01-01.*3.2 from 2004-02-04"):
            references.find("ICH eCTD DTD", dt.date(1999, 1, 1))

    def test_what_is_missing_says_how_to_bring_it_in(self):
        with pytest.raises(Missing, match="crdmo references add FILE --name 'CDISC SDTM CT'"):
            references.find("CDISC SDTM CT")

    def test_a_withdrawn_edition_is_found_no_more(self, editions):
        references.withdraw(SYSTEM, editions["3.2.2"], reason="superseded by its corrigendum")
        assert references.find("ICH eCTD DTD") == editions["3.2"]
        assert [found.edition for found in references.editions("ICH eCTD DTD")] == ["4.0", "3.2"]

    def test_a_withdrawn_edition_can_be_added_corrected(self, editions, file: Path):
        references.withdraw(SYSTEM, editions["3.2"], reason="torn file")
        file.write_text("<!-- 3.2, whole -->")
        assert add(file, edition="3.2", effective_from=dt.date(2004, 2, 4)).version == 1


class TestAuthority:
    def test_quality_assurance_may_add(self, file: Path):
        lab = factories.partner()
        assert add(file, actor=factories.person(Role.QA), organization=lab).organization == lab

    @pytest.mark.clause("21 CFR 11.10(g)")
    def test_a_sample_manager_may_not(self, file: Path):
        with pytest.raises(NotPermitted, match="may not add to the reference catalogue"):
            add(file, actor=factories.person(Role.SAMPLE_MANAGER), organization=factories.partner())


def test_a_result_names_the_edition_that_it_used(file: Path):
    made, program = add(file), factories.program()
    with act(SYSTEM, "computing.run") as opened:
        result = computing.run(
            opened, "tests.summary", {"values": [1.0]}, {"limit": 2.0}, program=program, references=[made]
        )
    assert result.references == [
        {"reference": str(made.id), "name": "ICH eCTD DTD", "edition": "3.2.2", "digest": made.digest}
    ]
    assert [one.key for one in computing.impact(made).results] == [result.id]


@pytest.mark.clause("21 CFR 11.10(a)")
def test_an_altered_file_of_the_catalogue_is_refused_when_read(file: Path):
    made = add(file)
    place = store.path(made.blob)
    place.chmod(0o644)
    place.write_bytes(b"<!ELEMENT ectd (m2?)>")
    with pytest.raises(store.BlobAltered, match="altered"):
        references.read(made)
