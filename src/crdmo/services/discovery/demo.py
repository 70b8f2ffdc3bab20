"""Discovery's part of the demo: a series registered, one assay, two runs, and the nomination of the candidate.

The series is invented, on the published scaffold of the gliptin that Kim et al. describe (J Med Chem 2005;48:141); that
compound itself, sitagliptin, is the reference. All signals are computed from made-up potencies with seeded noise: nothing
was measured, and no number here says anything of a real compound.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass

from crdmo.common.materials.models import Substance
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.signing import Credentials
from crdmo.science.discovery.plate_layout import row_letters

from .models import CompoundLot, Curve, Form, Run
from .workflow import assays, candidates, registration

SEED = 20261101
CORE = "O=C(C[C@H](N)C{aryl})N1CCn2c(C1)nnc2{tail}"
TRIFLUORO, DIFLUORO, MONO = "c1cc(F)c(F)cc1F", "c1cc(F)ccc1F", "c1ccccc1F"
# Name, structure, made-up pIC50.
SERIES: tuple[tuple[str, str, float], ...] = (
    ("Sitagliptin (reference)", CORE.format(aryl=TRIFLUORO, tail="C(F)(F)F"), 7.74),
    ("Velatide", CORE.format(aryl=TRIFLUORO, tail="C1(C(F)F)CC1") + ".Cl", 8.62),
    ("NB-103", CORE.format(aryl=TRIFLUORO, tail="C1CC1"), 8.05),
    ("NB-104", CORE.format(aryl=TRIFLUORO, tail="CC"), 7.41),
    ("NB-105", CORE.format(aryl=DIFLUORO, tail="C(F)(F)F"), 7.52),
    ("NB-106", CORE.format(aryl=DIFLUORO, tail="C1CC1") + ".OP(=O)(O)O", 7.63),
    ("NB-107", CORE.format(aryl=DIFLUORO, tail="CC"), 6.88),
    ("NB-108", CORE.format(aryl=MONO, tail="C(F)(F)F"), 7.06),
    ("NB-109", CORE.format(aryl=MONO, tail="C1CC1"), 7.19),
    ("NB-110", CORE.format(aryl=TRIFLUORO, tail="C(F)(F)F").replace("[C@H]", "[C@@H]"), 5.42),
    ("NB-111", CORE.format(aryl=TRIFLUORO, tail="C"), 7.02),
    ("NB-112", CORE.format(aryl="c1ccccc1", tail="CC"), 5.98),
)
TOP, DOSES = 10_000.0, 10
ASSAY = "DPP4-ENZ"


@dataclass(frozen=True)
class Staff:
    """Who plays which part, and how they sign."""

    chemist: Person
    biologist: Person
    lead: Person
    sign: Callable[[Person], Credentials]


def play(staff: Staff, program: Program, today: dt.date) -> Substance:
    """Play discovery from the first file of structures to the candidate; return the substance that it became."""
    text = "\n".join(f"{smiles} {name}" for name, smiles, _ in SERIES)
    upload = registration.bring_structures(
        staff.chemist, program, data=text.encode(), kind="smiles", file_name="dpp4-series-1.smi"
    )
    registration.register_upload(staff.chemist, upload)
    assay = assays.define_assay(
        staff.biologist,
        program,
        code=ASSAY,
        title="DPP-4 inhibition, fluorogenic substrate",
        target="Dipeptidyl peptidase 4, human, recombinant",
        readout="Fluorescence of released AMC after 30 min",
        negative="Solvent (1 % DMSO)",
        positive="No enzyme",
        signal_unit="[RFU]",
    )
    lots = {one.source_name: one for one in CompoundLot.objects.filter(program=program)}
    noise = random.Random(SEED)  # noqa: S311 — not for secrets
    for number, days in ((1, 320), (2, 306)):
        run = assays.open_run(staff.biologist, assay, performed_on=today - dt.timedelta(days=days))
        plate = _plate(lots, noise)
        assays.add_plate(staff.biologist, run, code=f"P-{number:04d}", data=plate, file_name=f"P-{number:04d}.csv")
        _review(staff, run)
    for kind, limit in (("potency", "8.0"), ("weight", "500"), ("log_p", "3.5"), ("tpsa", "120")):
        candidates.set_profile_line(
            staff.lead, program, kind=kind, limit=limit, assay=assay if kind == "potency" else None
        )
    form = Form.objects.select_related("compound__computed", "program").get(program=program, compound__name="Velatide")
    proposed = candidates.propose_candidate(
        staff.chemist,
        form,
        code="VT-API",
        name="Velatide drug substance",
        statement="The most potent compound of the series, well above its reference, within every line of the profile.",
    )
    made = candidates.nominate(staff.lead, proposed, credentials=staff.sign(staff.lead))
    assert made.substance is not None
    return made.substance


def _plate(lots: dict[str, CompoundLot], noise: random.Random) -> bytes:
    """Return a plate of 384 wells in long form: controls in the outer columns, a compound a row, each dose twice."""
    lines = ["well,role,lot,dose,unit,signal"]
    for row in range(1, 17):
        for column, role, level in (
            (1, "negative", 1.0),
            (2, "negative", 1.0),
            (23, "positive", 0.0),
            (24, "positive", 0.0),
        ):
            lines.append(f"{row_letters(row)}{column},{role},,,,{_signal(level, noise)}")
    for row, (name, _, potency) in enumerate(SERIES, 3):
        half = 10 ** (9 - potency) * 10 ** noise.gauss(0, 0.06)
        for step in range(DOSES):
            dose = TOP / 10 ** (step / 2)
            left = 1 / (1 + dose / half)
            for copy in range(2):
                place = f"{row_letters(row)}{3 + step * 2 + copy}"
                lines.append(f"{place},sample,{lots[name].code},{dose:.6g},nM,{_signal(left, noise)}")
    return "\n".join(lines).encode()


def _signal(level: float, noise: random.Random) -> str:
    return f"{(400 + 9600 * level) * (1 + noise.gauss(0, 0.03)) + noise.gauss(0, 60):.0f}"


def _review(staff: Staff, run: Run) -> None:
    assays.approve_curves(staff.biologist, run)
    for curve in Curve.objects.filter(plate__run=run, state=Curve.State.OPEN).select_related("plate__run", "computed"):
        flags = "; ".join(curve.computed.output["flags"]) if curve.computed else curve.no_curve
        assays.review_curve(
            staff.biologist, curve, approve=curve.computed is not None, comment=f"Looked at: {flags}"[:300]
        )
    assays.accept_run(
        staff.lead, run, conclusion="Controls and reference as expected.", credentials=staff.sign(staff.lead)
    )
