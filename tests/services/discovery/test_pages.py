"""Pages of discovery, as each desk walks them, without a browser; and what programs see."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from rdkit import Chem
from rdkit.Chem import rdDepictor

from crdmo.common.materials.models import Substance
from crdmo.foundation.accounts import tokens
from crdmo.foundation.accounts.models import Person
from crdmo.science.discovery.registration import register_structure
from crdmo.science.discovery.registration_files import read_sdf
from crdmo.services.discovery.models import Compound, Curve, Nomination, Run, Upload
from crdmo.services.discovery.pages import table
from tests import factories
from tests.services.discovery.chemistry import Lab
from tests.services.quality import browsing
from tests.services.quality.browsing import text

SERIES = "CCCN(C)C.Cl good\nCCCCN(C)C weak\nC[C@H](N)c1ccccc1 |&1:1| racemate"


class Desk(browsing.Desk):
    """One person at the pages of a program's discovery."""

    def __init__(self, person: Person, program: str = "CRD-101") -> None:
        super().__init__(person, program)
        self.root = f"/{program}/discovery/"


def sent(data: str | bytes, name: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data if isinstance(data, bytes) else data.encode())


def test_the_table_of_a_large_series_has_pages_and_the_file_holds_all(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "SHOWN", 1)
    chemist = Desk(lab.chemist)
    _registered(chemist)
    codes = [one.code for one in Compound.objects.order_by("code")]

    def shown(**asked: str) -> list[str]:
        return [code for code in codes if f">{code}<" in chemist.get("sar/", order="code", **asked).content.decode()]

    assert shown() == codes[:1] and shown(page="2") == codes[1:2]
    # What is no page is the first, what lies beyond is the last.
    assert shown(page="x") == shown(page="0") == codes[:1] and shown(page="9999") == codes[-1:]
    assert f"Page 1 of {len(codes)}" in text(chemist.get("sar/", order="code"))
    assert all(code in text(chemist.get("sar/", format="csv")) for code in codes)


def test_a_series_is_walked_from_its_structures_to_the_candidate(lab: Lab) -> None:
    chemist, biologist, lead = (Desk(one) for one in (lab.chemist, lab.biologist, lab.lead))
    assert "bring an SD file" in text(chemist.get())
    _registered(chemist)
    run = _tested(lab, biologist)
    assert "Runs to decide" in text(lead.get())
    place = f"runs/{run.code}/"
    given = {"step": "accept", "conclusion": "As expected"}
    assert lead.post(place, given, sign=True).status_code == 302
    table = text(lead.get("sar/"))
    assert table.index("SPO-000001") < table.index("SPO-000002")
    assert "Dose-response curve" in table
    assert "SPO-000002" not in text(lead.get("sar/", least="7.5"))
    line = {"step": "line", "kind": "potency", "limit": "7.0", "assay": "ENZ"}
    assert lead.post("candidates/", line).status_code == 302
    proposal = {"form": "SPO-000001-A", "code": "API-1", "name": "Drug substance", "statement": "Potent."}
    assert chemist.post("compounds/SPO-000001/propose/", proposal).status_code == 302
    nomination = Nomination.objects.get()
    place = f"candidates/{nomination.code}/"
    assert "Approve the candidate" not in text(chemist.get(place))
    assert lead.post(place, {"step": "approve"}, sign=True).status_code == 302
    assert "became" in text(lead.get(place))
    assert Substance.objects.get().code == "API-1"
    sponsor = Desk(lab.sponsor)
    for page in ("", "compounds/", "compounds/SPO-000001/", "sar/", "assays/", "assays/ENZ/", f"runs/{run.code}/",
                 "registration/", "candidates/", place, f"curves/{Curve.objects.first().pk}/"):  # fmt: skip
        answer = sponsor.get(page)
        assert answer.status_code == 200, page
        assert 'style="' not in text(answer).partition("<main")[2], page
    _files(lead)
    _programs(lab)


def test_the_preview_tells_what_the_checker_finds_in_a_drawing(lab: Lab) -> None:
    mol = Chem.MolFromSmiles("C[C@H](N)c1ccccc1")
    rdDepictor.Compute2DCoords(mol)
    mol.GetConformer().SetAtomPosition(0, mol.GetConformer().GetAtomPosition(5))
    upload = lab.bring(f"{Chem.MolToMolBlock(mol)}$$$$\n", "sdf")
    page = text(Desk(lab.chemist).get(f"registration/{upload.code}/"))
    assert "Checker, penalty 5: molecule has two (or more) atoms with exactly the same coordinates" in page
    other = lab.bring("C[C@H](N)c1ccccc1")
    assert "Checker, penalty" not in text(Desk(lab.chemist).get(f"registration/{other.code}/"))


def _registered(chemist: Desk) -> None:
    assert chemist.post("registration/bring/", file=sent(SERIES, "series.smi")).status_code == 302
    upload = Upload.objects.get()
    place = f"registration/{upload.code}/"
    page = text(chemist.get(place))
    assert page.count('class="structure"') == 3
    assert "New compound" in page
    assert "1 stereocentre" not in page
    assert not Compound.objects.exists()
    assert chemist.post(place, step="register").status_code == 302
    assert "SPO-000003" in text(chemist.get(place))
    assert chemist.get(f"{place}original/").content == SERIES.encode()


def _tested(lab: Lab, biologist: Desk) -> Run:
    given = {"code": "ENZ", "title": "Enzyme", "target": "DPP-4", "readout": "AMC", "negative": "DMSO",
             "positive": "None", "wells": "96", "z_prime": "0.5"}  # fmt: skip
    assert biologist.post("assays/new/", given).status_code == 302
    assert biologist.post("assays/ENZ/", step="run", performed_on=str(lab.today)).status_code == 302
    run = Run.objects.get()
    place = f"runs/{run.code}/"
    good, weak, _ = lab.lots()
    torn = biologist.post(place, step="plate", code="P1", file=sent("well,role\nA1,sample\n", "P1.csv"))
    assert torn.status_code == 422
    assert "lacks a column" in text(torn)
    plate = lab.plate({good: 20.0, weak: 400.0})
    assert biologist.post(place, step="plate", code="P1", file=sent(plate, "P1.csv")).status_code == 302
    page = text(biologist.get(place))
    assert page.count("<rect") >= 32
    assert "Accept the run" not in page
    for curve in Curve.objects.all():
        answer = biologist.post(f"curves/{curve.pk}/", step="review", decision="reject", comment="")
        assert answer.status_code == 422
        assert biologist.post(f"curves/{curve.pk}/", step="review", decision="approve").status_code == 302
    return run


def _files(desk: Desk) -> None:
    """What is exported comes in again as the same compounds, AND and OR and all."""
    rows = text(desk.get("sar/", format="csv"))
    assert rows.lstrip("\ufeff").startswith("compound,name,smiles")
    records = read_sdf(desk.get("sar/", format="sdf").content)
    keys = {register_structure(structure=one.structure).identity.tautomer for one in records}
    assert keys == set(Compound.objects.values_list("key", flat=True))


def _programs(lab: Lab) -> None:
    client, root = Client(), "/api/v1/programs/CRD-101/discovery/"
    _, token = tokens.issue(lab.chemist, name="notebook", scopes=["read", "write"], days=1)
    head = {"Authorization": f"Bearer {token}"}

    def get(place: str, **asked: Any) -> Any:
        answer = client.get(root + place, asked, headers=head)
        assert answer.status_code == 200, answer.content
        return json.loads(answer.content)

    assert [one["code"] for one in get("compounds")["items"]] == ["SPO-000001", "SPO-000002", "SPO-000003"]
    assert get("compounds/SPO-000001")["forms"][0]["parts"][0]["code"] == "HCL"
    assert [one["code"] for one in get("compounds/search", structure="CCCN(C)C")["hits"]] == ["SPO-000001"]
    assert len(get("compounds/search", structure="c1ccccc1", how="substructure")["hits"]) == 1
    assert get("compounds/search", structure="CCCCN(C)C", how="similar")["hits"][0]["code"] == "SPO-000002"
    assert {one["assay"] for one in get("potencies")["items"]} == {"ENZ"}
    assert len(get("curves")["items"]) == 2
    assert get("runs")["items"][0]["state"] == "accepted"
    assert get("assays")["items"][0]["wells"] == 96
    answer = client.post(
        f"{root}uploads/new", {"file": sent("CCCN(C)C known\nC(C)(C)(C)(C)C bad\n", "b.smi"), "kind": "smiles"},
        headers={**head, "Idempotency-Key": "one"},
    )  # fmt: skip
    assert answer.status_code == 200, answer.content
    told = json.loads(answer.content)
    assert [one["decision"] for one in told["verdicts"]] == ["form", "refused"]
    refused = client.post(f"{root}uploads/{told['code']}/register", headers={**head, "Idempotency-Key": "two"})
    assert refused.status_code == 422
    assert len(get("uploads")["items"]) == 2


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"pasted": ""}, "one of the two"),
        ({"pasted": "C\nC", "file": sent("C", "a.smi")}, "one of the two"),
        ({"file": sent("x", "a.exe")}, ".sdf, .csv, .smi"),
        ({"file": sent("smiles\n=cmd()\n", "a.csv")}, "formula"),
    ],
)
def test_what_cannot_be_brought_is_refused_on_its_page(lab: Lab, given: dict[str, Any], why: str) -> None:
    answer = Desk(lab.chemist).post("registration/bring/", given)
    assert answer.status_code == 422
    assert why in text(answer)
    assert not Upload.objects.exists()


def test_another_sponsors_compound_is_not_there(lab: Lab) -> None:
    other = factories.program("LQ-7", owner=factories.sponsor("RIVAL"))
    lab.register("CCCCCN theirs", program=other)
    lab.register("CCO ours")
    desk = Desk(lab.sponsor)
    assert desk.get("compounds/RIV-000001/").status_code == 404
    theirs = Desk(lab.sponsor, "LQ-7")
    for place in ("", "compounds/", "compounds/RIV-000001/", "sar/"):
        assert theirs.get(place).status_code == 404, place
    unknown = re.sub(r"\d\d:\d\d", "", text(desk.get("compounds/", q="CCCCCN", how="exact")))
    assert "RIV" not in unknown
    assert "Nothing was found" in unknown
    assert desk.get("compounds/", q="C1CC", how="exact").status_code == 422
