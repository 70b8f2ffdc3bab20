"""A house whose rooms are ready to take each kind of file, with a person for each and a good file of it."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crdmo.common.materials import workflow as materials
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.accounts.roles import Role
from crdmo.services.discovery.models import Assay, CompoundLot, Run
from crdmo.services.discovery.workflow import assays, registration
from crdmo.services.process.workflow import profile
from tests import factories, shared_data
from tests.common.exchange.doors import Sent

OWN, FOREIGN = "CRD-101", "LQ-7"
BMG_96, BMG_1536 = "bmg_mars_format", "bmg_mars_luminescence_1536"
ROLES = {
    "structures": Role.MEDICINAL_CHEMIST, "plate": Role.SCREENING_BIOLOGIST, "send": Role.STUDY_DIRECTOR,
    "sdtm": Role.DATA_MANAGER, "doe": Role.PROCESS_ENGINEER, "master": Role.PRODUCTION_SUPERVISOR,
    "shelf_life": Role.ANALYST, "dissolution": Role.ANALYST, "precision": Role.ANALYST, "control_limits": Role.ANALYST,
}  # fmt: skip


@dataclass
class House:
    """The programs of two sponsors, and who brings which kind."""

    program: Program
    foreign: Program
    people: Mapping[str, Person]
    stranger: Person

    def assay(self, wells: int, unit: str = "") -> Run:
        """Return an open run of an assay in so many wells."""
        biologist = self.people["plate"]
        code = f"A{wells}{unit}"
        found = Assay.objects.filter(program=self.program, code=code).first() or assays.define_assay(
            biologist, self.program, code=code, title="Viability", target="Cells", readout="Light", negative="DMSO",
            positive="Toxin", wells=wells, signal_unit=unit,
        )  # fmt: skip
        return assays.open_run(biologist, found, performed_on=dt.datetime.now(dt.UTC).date())

    @property
    def lot(self) -> str:
        """The number of a registered lot."""
        return str(CompoundLot.objects.filter(program=self.program).order_by("code").values_list("code", flat=True)[0])


def make() -> House:
    """Set the programs, people and parts up."""
    program = factories.program(OWN)
    foreign = factories.program(FOREIGN, owner=factories.sponsor("OTHER"))
    people: dict[str, Person] = {}
    made: dict[Role, Person] = {}
    for kind, role in ROLES.items():
        made[role] = made.get(role) or factories.person(role, program)
        people[kind] = made[role]
    for one in made.values():
        factories.login(one)
    stranger = factories.person(Role.SPONSOR_LEAD, program)
    factories.login(stranger)
    chemist, engineer = people["structures"], people["doe"]
    upload = registration.bring_structures(chemist, program, data=b"CCOC(=O)c1ccccc1N known", kind="smiles")
    registration.register_upload(chemist, upload)
    element = profile.add_element(engineer, program, name="Yield", target="High", source="Laboratory")
    for name, unit in (("yield", "%"), ("rate", "1"), ("viscosity", "1")):
        profile.add_attribute(
            engineer, element, name=name, unit=unit, criterion="≥ 1", severity=5, justification="Cost of goods"
        )
    step = profile.add_operation(engineer, program, name="Reaction")
    for name, unit, low, high in (
        ("time", "min", "70", "100"), ("temp", "Cel", "160", "190"),
        *((name, "1", "-2", "2") for name in "ABCD"),
    ):  # fmt: skip
        profile.add_parameter(engineer, step, name=name, unit=unit, low=low, high=high)
    keeper = factories.person(Role.SAMPLE_MANAGER, program)
    for code in ("SOL", "ACT"):
        materials.register_substance(
            keeper, program, code=code, name=code, kind="drug_product" if code == "SOL" else "excipient"
        )
    return House(program, foreign, people, stranger)


def layout(lot: str, *, rows: str = "ABCDEFGH", last: int = 12) -> bytes:
    """Return a layout: a control at each end of the rows, one lot over eight doses in the first row."""
    lines = ["well,role,lot,dose,unit"]
    for row in rows:
        lines += [f"{row}1,negative,,,", f"{row}{last},positive,,,"]
    lines += [f"{rows[0]}{column},sample,{lot},{10 ** (column / 2):.4g},nM" for column in range(2, 10)]
    return "\n".join(lines).encode()


def data(path: str) -> bytes:
    """Return the bytes of a shared file; a packed one unpacked."""
    raw = shared_data.path(path).read_bytes()
    return gzip.decompress(raw) if path.endswith(".gz") else raw


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return files as an archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def package(folder: str, *names: str) -> dict[str, bytes]:
    """Return transport files of a shared folder by name: all of them, or those that are named."""
    found = {one.name: one.read_bytes() for one in sorted(shared_data.path(folder).glob("*.xpt"))}
    return {name: content for name, content in found.items() if not names or name.removesuffix(".xpt") in names}


MASTER = """kind,name,quantity,unit,tolerance,limit,text,equipment,flag
material,ACT,10,kg,2,,,,basis
step,Dissolve,,,,,Charge and stir.,,check
value,Temperature,,Cel,,20 – 25,,,
"""
HEAD = {"product": "SOL", "title": "Solution", "size": "100", "unit": "kg", "yield_limit": "95.0 – 101.0"}


def good(house: House, kind: str) -> Sent:
    """Return a good file of a kind."""
    if kind == "plate":
        run = house.assay(96, "OD")
        beside = ("layout.csv", layout(house.lot))
        return Sent("m.csv", data(f"discovery/asm/{BMG_96}.csv"), {"run": run.code, "plate": f"P-{run.code}"}, beside)
    quality = "quality/stability/leblond2011_potency.csv"
    made: dict[str, Any] = {
        "structures": lambda: Sent("s.smi", b"CCCCN(C)C new\nc1ccncc1CC other\n"),
        "send": lambda: Sent("send.zip", zipped(package("preclinical/send_cj16050", "dm", "ex", "ta", "ts"))),
        "sdtm": lambda: Sent("sdtm.zip", zipped(package("regulatory/tdf_sdtm", "dm", "ts", "ta", "tv"))),
        "doe": lambda: Sent(
            "chemreact.csv", data("manufacturing/doe/chemreact.csv"),
            {"factors": "time 80..90, temp 170..180", "source": "Myers, RSM 3e, Table 7.6"},
        ),
        "master": lambda: Sent("master.csv", MASTER.encode(), HEAD),
        "shelf_life": lambda: Sent("p.csv", data(quality), {"lower_limit": "94.95", "batches": "b2,b5,b7"}),
        "dissolution": lambda: Sent("d.csv", data("quality/dissolution/tsong1996_table1.csv"), {"regulator": "EMA", "required_units": "6"}),
        "precision": lambda: Sent("y.csv", data("manufacturing/doe/dyestuff.csv"), {"factors": "batch"}),
        "control_limits": lambda: Sent("p.csv", data("manufacturing/spc/piston_rings.csv"), {"first": "25", "chart": "Xbar-R"}),
    }  # fmt: skip
    found: Sent = made[kind]()
    return found


def converted(name: str, *, mended: bool) -> bytes:
    """Return the peer's Allotrope document: as it is, or with the wavelength, unit and count that the reader wrote."""
    text = data(f"discovery/asm/{name}.expected.json.gz").decode()
    if mended:
        document = json.loads(text)
        for one in document["plate reader aggregate document"]["plate reader document"]:
            group = one["measurement aggregate document"]
            group["plate well count"]["value"] = 96
            measured = group["measurement document"][0]
            measured["absorbance"]["unit"] = "OD"
            control = measured["device control aggregate document"]["device control document"][0]
            control["detector wavelength setting"]["value"] = 450.0
        text = json.dumps(document)
    return text.encode()
