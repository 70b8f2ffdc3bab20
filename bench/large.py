"""The demo, and beside it as much again as makes ten times its entries: what pages must stand with ten times the data.

Everything is entered by the rooms' own verbs and demos, with what they were called with in the play: lots tested and
released, batches made and reviewed, studies in the rat to their reports, a blinded trial of ten times the subjects,
compounds with their plates and curves, designed studies, deviations with their CAPA. That takes minutes.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from typing import Any

from crdmo.common.materials.models import Container, Lot
from crdmo.demo import play as demo
from crdmo.demo import teams
from crdmo.foundation.accounts.models import Program
from crdmo.services.clinical import demo as clinical
from crdmo.services.clinical.workflow import forms
from crdmo.services.compliance import demo as compliance
from crdmo.services.discovery import demo as discovery
from crdmo.services.discovery.models import Assay, CompoundLot
from crdmo.services.discovery.workflow import assays, registration
from crdmo.services.manufacturing import demo as manufacturing
from crdmo.services.manufacturing.workflow import equipment
from crdmo.services.preclinical import demo as preclinical
from crdmo.services.process import demo as process
from crdmo.services.quality import demo as quality

MORE = 13
RINGS = ("C1CC1", "C1CCC1", "CC", "CCC", "CC(C)C", "COC", "C1COC1", "CCO", "CC#N", "C(F)F")
ARYLS = ("c1ccccc1Cl", "c1ccc(Cl)cc1", "c1ccc(C)cc1", "c1ccc(OC)cc1", "c1cccc(C#N)c1", "c1ccncc1", "c1ccc(Br)cc1F",
         "c1cc(F)cc(F)c1", "c1ccsc1", "c1ccoc1", "c1ccc2ccccc2c1")  # fmt: skip


class Heard:
    """What functions of the play were called with, by their names."""

    def __init__(self) -> None:
        self.of: dict[str, tuple[Any, ...]] = {}

    def listen(self, place: Any, name: str) -> None:
        inner = getattr(place, name)

        def outer(*given: Any, **named: Any) -> Any:
            self.of.setdefault(name, given)
            return inner(*given, **named)

        setattr(place, name, outer)


def play(say: Callable[[str], None] = print, more: int = MORE) -> Program:
    """Play the demo, then its parts again `more` times within its program."""
    heard = Heard()
    for place, name in ((demo, "_quality_control"), (quality, "test_lot"), (quality, "receive"), (manufacturing, "make_batch"),
                        (preclinical, "play"), (process, "_study"), (compliance, "_closed")):  # fmt: skip
        heard.listen(place, name)
    program = demo.play(say)
    cast, _, product, today, _ = heard.of["_quality_control"]
    say(f"{more} times the lots and batches")
    _lots(heard, cast, program, product, today, more)
    say(f"{more} times the studies in the rat")
    _studies(heard, more)
    say("a trial of ten times the subjects")
    _trial(cast, program, today, more)
    say(f"{more} times the compounds and plates")
    _compounds(cast, program, today, more)
    say(f"{more} times the designed studies and deviations")
    for _turn in range(more):
        process._study(*heard.of["_study"])
        compliance._closed(*heard.of["_closed"])
    return program


def _lots(heard: Heard, cast: Any, program: Program, product: Any, today: dt.date, more: int) -> None:
    staff, _, stand, _, _, _ = heard.of["test_lot"]
    release = heard.of["receive"][2]
    crew, plant, master, _, _ = heard.of["make_batch"]
    stock = {code: Container.objects.get(code=f"{code}-D1").lot for code in ("VT-API", "MCC", "MGST")}
    for turn in range(4 * more):
        lot = demo._lot(cast, product, f"VT-27{turn:02d}", today)
        _, tests = quality.receive(staff, lot, release, today)
        quality.test_lot(staff, program, stand, tests, "99.6", demo.numbers.dissolution(86.0))
        quality.release(staff, lot)
    for turn in range(2 * more):
        filled = {}
        for code, _name, _kind, amount, fill in demo.MATERIALS:
            lot = demo.materials.register_lot(
                cast["s.okafor"], stock[code].substance, code=f"{code}-1{turn:03d}", amount=amount, unit="kg",
                expires_on=today + dt.timedelta(days=500), maker="Supplier of the demo",
            )  # fmt: skip
            _released(staff, stand, lot, today)
            filled[code] = demo.materials.fill_container(
                cast["s.okafor"], lot, amount=fill, unit="kg", location="Dispensary 1", code=f"{code}-E{turn}"
            )
        for code in ("BLD-01", "TP-02"):
            equipment.log_equipment(crew.operator, plant.equipment[code], kind="cleaning", on=today, note="CL-014")
        manufacturing.make_batch(crew, plant, master, filled, f"VT-28{turn:02d}")


def _released(staff: Any, stand: Any, lot: Lot, today: dt.date) -> None:
    from crdmo.services.quality.models import Specification

    rule = Specification.objects.filter(substance=lot.substance, state="approved").first()
    _, tests = quality.receive(staff, lot, rule, today, amount="0.010")
    entries = [quality.Entry(test, ("conforms",)) for test in tests]
    quality.run_method(staff, lot.program, stand, "M-APP-01", entries)
    quality.verify(staff, tests)
    quality.release(staff, lot)


def _studies(heard: Heard, more: int) -> None:
    code, second = preclinical.CODE, preclinical._second
    preclinical._second = lambda *given: None
    for turn in range(more):
        preclinical.CODE = f"TOX-2{turn:02d}-28D"
        preclinical.play(*heard.of["play"])
    preclinical.CODE, preclinical._second = code, second


def _trial(cast: Any, program: Program, today: dt.date, more: int) -> None:
    crew = teams.trial(cast, today)
    count = 24 * (more + 1)
    clinical.LENGTH = length = count
    study, places = clinical.begin(crew, program, "VT-301", target=count, length=length)
    nature = clinical.Nature(crew.luck)
    for number in range(count):
        site = number % 2
        rows = clinical.enter_subject(crew, places[site], site, nature, -175 + number // 4)
        forms.save_pages(crew.coordinators[site], study, rows)


def _compounds(cast: Any, program: Program, today: dt.date, more: int) -> None:
    staff, luck = teams.chemistry(cast), random.Random(1)
    wanted = [discovery.CORE.format(aryl=a, tail=t) for a in ARYLS for t in RINGS][: 12 * more]
    text = "\n".join(f"{smiles} NB-{n:03d}" for n, smiles in enumerate(wanted, 200))
    upload = registration.bring_structures(
        staff.chemist, program, data=text.encode(), kind="smiles", file_name="more.smi"
    )
    registration.register_upload(staff.chemist, upload)
    assay = Assay.objects.get(program=program)
    lots = {one.source_name: one for one in CompoundLot.objects.filter(program=program)}
    names = [f"NB-{n:03d}" for n in range(200, 200 + len(wanted))]
    series = discovery.SERIES
    for turn in range(2 * more):
        first = 12 * (turn % (len(names) // 12))
        part = names[first : first + 12]
        discovery.SERIES = tuple((name, "", luck.uniform(5.5, 8.5)) for name in part)
        run = assays.open_run(staff.biologist, assay, performed_on=today - dt.timedelta(days=300 - turn))
        plate = discovery._plate(lots, luck)
        assays.add_plate(staff.biologist, run, code=f"Q-{turn:04d}", data=plate, file_name="plate.csv")
        discovery._review(staff, run)
    discovery.SERIES = series
