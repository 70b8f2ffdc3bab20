"""Search among a program's compounds, on the page and by programs; nothing of another sponsor is in any answer."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator

from crdmo.foundation.accounts import tokens
from crdmo.foundation.refusals import Invalid
from crdmo.science.discovery.substructure_index import TimeOut
from crdmo.services.discovery import search as searching
from crdmo.services.discovery.search import search
from tests import factories
from tests.services.discovery.chemistry import Lab
from tests.services.discovery.test_pages import Desk, text

OURS = ("OC(=O)c1ccccc1", "Oc1ccccc1C(=O)O", "NC(=O)c1ccccc1", "CCCN(C)C", "CCCCN(C)C", "COc1ccccc1C(N)=O")
THEIRS = ("CC(=O)Oc1ccccc1C(=O)O", "CCCCCN(C)C", "OC(=O)c1ccccc1")


@pytest.fixture
def both(lab: Lab) -> Lab:
    """Our compounds, and a rival's: one is the same as one of ours, others are like ours."""
    lab.register("\n".join(f"{one} o{i}" for i, one in enumerate(OURS)))
    rival = factories.program("LQ-7", owner=factories.sponsor("RIVAL"))
    lab.register("\n".join(f"{one} t{i}" for i, one in enumerate(THEIRS)), program=rival)
    return lab


def test_hits_are_those_of_a_comparison_with_each_of_the_sponsors_own_compounds(both: Lab, monkeypatch) -> None:
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    own = {f"SPO-{i:06d}": Chem.MolFromSmiles(one) for i, one in enumerate(OURS, 1)}
    query = Chem.MolFromSmiles(THEIRS[0])
    for measure, peer in (("tanimoto", DataStructs.TanimotoSimilarity), ("dice", DataStructs.DiceSimilarity)):
        alike = {
            code: peer(generator.GetFingerprint(query), generator.GetFingerprint(mol)) for code, mol in own.items()
        }
        expected = sorted(((code, value) for code, value in alike.items() if value >= 0.3), key=lambda x: (-x[1], x[0]))
        found = search(both.program, THEIRS[0], "similar", least=0.3, measure=measure)
        assert [(hit.compound.code, hit.similarity) for hit in found.hits] == expected
        assert expected
    for smarts in ("c1ccccc1", "C(=O)N", "CN(C)C", "*", "[Si]"):
        found = search(both.program, smarts, "substructure")
        held = [code for code, mol in own.items() if mol.HasSubstructMatch(Chem.MolFromSmarts(smarts))]
        assert [hit.compound.code for hit in found.hits] == held
    assert [hit.compound.code for hit in search(both.program, OURS[0], "exact").hits] == ["SPO-000001"]
    assert search(both.program, THEIRS[1], "exact").hits == []

    monkeypatch.setattr(searching, "MOST_HITS", 2)
    for structure, how in (("*", "substructure"), (OURS[0], "similar")):
        cut = search(both.program, structure, how, least=0.01)
        assert (len(cut.hits), cut.complete) == (2, False)

    def slow(*_: object, **__: object):
        raise TimeOut("the search takes too long", next_step="ask for a larger fragment")

    monkeypatch.setattr(searching.SubstructureIndex, "search", slow)
    with pytest.raises(Invalid, match="too long"):
        search(both.program, "c1ccccc1", "substructure")


def test_page_and_route_give_the_same_hits_and_say_how_a_query_was_read(both: Lab) -> None:
    desk, root = Desk(both.sponsor), "/api/v1/programs/CRD-101/discovery/compounds/search"
    _, token = tokens.issue(both.chemist, name="notebook", scopes=["read"], days=1)

    def get(**asked: object) -> tuple[int, dict]:
        answer = Client().get(root, asked, headers={"Authorization": f"Bearer {token}"})
        return answer.status_code, json.loads(answer.content)

    for how, q in (("similar", THEIRS[0]), ("similar", THEIRS[1]), ("substructure", "c1ccccc1"), ("exact", OURS[3])):
        page = text(desk.get("compounds/", q=q, how=how))
        told = get(structure=q, how=how)[1]
        codes = [hit["code"] for hit in told["hits"]]
        assert codes == list(dict.fromkeys(re.findall(r"compounds/(SPO-\d+)/", page)))
        assert codes
        assert told["complete"] is True
        for answer in (page, json.dumps(told)):
            assert "RIV" not in answer
    assert "matches no aromatic ring" in text(desk.get("compounds/", q="C1=CC=CC=C1", how="substructure"))
    assert "matches no aromatic ring" in get(structure="C1=CC=CC=C1", how="substructure")[1]["notes"][0]

    for wrong in ({"structure": "C1CC", "how": "similar"}, {"structure": "[$(C", "how": "substructure"},
                  {"structure": "C", "how": "similar", "least": "70"}, {"structure": "C", "how": "similar", "least": "nan"},
                  {"structure": "C", "how": "similar", "measure": "cosine"}, {"structure": "C", "how": "near"}):  # fmt: skip
        assert get(**wrong)[0] == 422, wrong
    refused = desk.get("compounds/", q="C", how="similar", least="seventy")
    assert refused.status_code == 422
    assert "Given: seventy" in text(refused)
    assert "Nothing was found" not in text(refused)
    assert Desk(both.sponsor, "LQ-7").get("compounds/", q="C", how="substructure").status_code == 404
    assert Client().get(root.replace("CRD-101", "LQ-7"), {"structure": "C"},
                        headers={"Authorization": f"Bearer {tokens.issue(both.sponsor, name='s', scopes=['read'], days=1)[1]}"}
                        ).status_code == 404  # fmt: skip
