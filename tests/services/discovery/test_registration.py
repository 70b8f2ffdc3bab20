"""Registration: all or none, duplicates within the sponsor only, every refusal, nothing half-written."""

from __future__ import annotations

import pytest
from rdkit import Chem

from crdmo.foundation.refusals import Conflict, Invalid, NotPermitted, Refused
from crdmo.science.discovery.structure_figure import draw_structure
from crdmo.services.discovery import figures, registry
from crdmo.services.discovery.models import Compound, CompoundLot, Form, Registration, Upload
from crdmo.services.discovery.workflow import registration
from tests import factories
from tests.services.discovery.chemistry import Lab


def test_compounds_get_the_sponsors_numbers_with_forms_and_lots(lab: Lab) -> None:
    made = lab.register(
        "CCCN(C)C first\nCCCN(C)C.Cl salt\nCCCN(C)C again\nC[C@H](F)Cl R\nC[C@@H](F)Cl S\nOc1ccccn1 T\nO=c1cccc[nH]1 U"
    )
    assert [one.code for one in made] == [f"SPO-{n:06d}" for n in (1, 2, 3, 4)]
    assert [one.name for one in made] == ["first", "R", "S", "T"]
    decisions = list(Registration.objects.order_by("number").values_list("decision", flat=True))
    assert decisions == ["new", "form", "known", "new", "variant", "new", "known"]
    assert sorted(Form.objects.filter(compound=made[0]).values_list("name", flat=True)) == [
        "free form",
        "hydrochloride",
    ]
    assert made[2].relative == made[1]
    assert made[2].relation == "the stereo"
    assert CompoundLot.objects.count() == 7
    reason = Registration.objects.get(number=7).reason
    assert reason == "SPO-000004, free form: drawn as another tautomer, which is the same"
    assert made[0].sources[0]["record"] == str(made[0].computed_id)


def test_one_bad_record_holds_all_others(lab: Lab) -> None:
    upload = lab.bring("CCO good\nC(C)(C)(C)(C)C five bonds\nCC")
    before = Compound.objects.count()
    with pytest.raises(Invalid, match="1 of 3 records are refused") as refused:
        registration.register_upload(lab.chemist, upload)
    assert "record 2" in refused.value.errors
    assert Compound.objects.count() == before == CompoundLot.objects.count()
    assert Upload.objects.get().state == "staged"
    with pytest.raises(Invalid, match="why"):
        registration.discard_upload(lab.chemist, upload)
    registration.discard_upload(lab.chemist, upload, reason="Wrong file")
    with pytest.raises(Refused, match="another state"):
        registration.register_upload(lab.chemist, Upload.objects.get())


def test_a_torn_sd_file_names_its_record(lab: Lab) -> None:
    block = Chem.MolToMolBlock(Chem.MolFromSmiles("CCO"))
    upload = lab.bring(f"{block}$$$$\n{block}", "sdf")
    with pytest.raises(Invalid) as refused:
        registration.register_upload(lab.chemist, upload)
    assert refused.value.errors == {"record 2": "the file ends inside this record: $$$$ is missing"}


@pytest.mark.parametrize(
    ("data", "kind", "why"),
    [
        ("", "sdf", "empty"),
        ("C" * 10_000_000, "smiles", "too long"),
        ("smiles,name\nCCO,=HYPERLINK(1)\n", "csv", "formula"),
        ("smiles,name\n=1+1,x\n", "csv", "formula"),
        ("structure,name\nCCO,x\n", "csv", "no column of structures"),
        ("C\x00C", "smiles", "no text"),
        ("CCO", "cdx", "one of these ways"),
    ],
)
def test_a_file_that_cannot_be_read_leaves_nothing_behind(lab: Lab, data: str, kind: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        lab.bring(data, kind)
    assert not Upload.objects.exists()


def test_a_table_brings_names_and_its_rows_are_counted_as_seen(lab: Lab) -> None:
    made = lab.register('name,smiles\nA-1,CCO\nA-2,"C[C@H](F)Cl |&1:1|"\n', "csv")
    assert [(one.name, one.stereo_kind) for one in made] == [("A-1", "none"), ("A-2", "AND")]
    assert list(Registration.objects.order_by("number").values_list("number", flat=True)) == [2, 3]


def test_another_sponsors_compound_is_never_told(lab: Lab) -> None:
    other = factories.program("LQ-7", owner=factories.sponsor("RIVAL"))
    lab.register("c1ccccc1CCN theirs\nCCCCO more", program=other)
    upload = lab.bring("c1ccccc1CCN ours")
    (verdict,) = registry.verdicts(upload)
    assert (verdict.decision, verdict.reason) == ("new", "no compound of the sponsor has these connections")
    registration.register_upload(lab.chemist, upload)
    assert [c.code for c in Compound.objects.filter(program=lab.program)] == ["SPO-000001"]
    assert [c.code for c in Compound.objects.filter(program=other).order_by("code")] == ["RIV-000001", "RIV-000002"]


def test_what_one_sponsor_brought_answers_another_no_sooner(lab: Lab) -> None:
    """Whatever is kept between requests is kept for one sponsor: else the time of an answer would tell."""
    other = factories.program("LQ-7", owner=factories.sponsor("RIVAL"))
    lab.register("c1ccccc1CCCN theirs", program=other)
    figures.structure(other, "NCCCc1ccccc1")
    kept, drawn = registry._made.cache_info(), draw_structure.cache_info()
    registry.verdicts(lab.bring("c1ccccc1CCCN ours"))
    figures.structure(lab.program, "NCCCc1ccccc1")
    assert registry._made.cache_info().hits == kept.hits
    assert draw_structure.cache_info().hits == drawn.hits


def test_a_second_program_of_the_sponsor_keeps_the_number(lab: Lab) -> None:
    lab.register("CCO a\nCCN b")
    second = factories.program("CRD-102")
    made = lab.register("CCN b again\nCCC new", program=second)
    assert [one.code for one in made] == ["SPO-000002", "SPO-000003"]


def test_only_chemists_register_and_a_stale_upload_is_refused(lab: Lab) -> None:
    with pytest.raises(NotPermitted):
        registration.bring_structures(lab.biologist, lab.program, data=b"CCO", kind="smiles")
    upload = lab.bring("CCO")
    old = Upload.objects.get()
    registration.discard_upload(lab.chemist, upload, reason="No")
    with pytest.raises(Conflict):
        registration.register_upload(lab.chemist, old)
    assert not Compound.objects.exists()
