"""Assays and their runs: plates are added whole, curves are reviewed one by one, the run is accepted or rejected by a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from crdmo.common.codes import next_code
from crdmo.common.verbs import must_be, person_of, said
from crdmo.foundation import computing
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.computing import column
from crdmo.foundation.datasets import seal
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.thread import sources_of
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign
from crdmo.science.discovery.curve_fit import fit_curve
from crdmo.science.method import MethodError, to_json

from ..models import Assay, Compound, CompoundLot, Curve, Plate, Potency, Run
from ..plate_files import read_plate
from .desks import BIOLOGISTS, LEADS, Seen


@verb("discovery.define_assay", "define an assay", roles=BIOLOGISTS)
def define_assay(
    act: Act,
    program: Program,
    *,
    code: str,
    title: str,
    target: str,
    readout: str,
    negative: str,
    positive: str,
    wells: int = 384,
    z_prime: str = "0.5",
    signal_unit: str = "",
) -> Assay:
    """Define an assay. The negative control is no inhibition, the positive control full inhibition."""
    said(code=code, title=title, target=target, readout=readout, negative=negative, positive=positive)
    if Assay.objects.filter(program=program, code=code.strip()).exists():
        raise Invalid("this code is taken in the program", errors={"code": "taken"}, given=code)
    if int(wells) not in (96, 384, 1536):
        raise Invalid("there is no such plate", errors={"wells": "96, 384 or 1536"}, given=str(wells))
    try:
        limit = Decimal(z_prime)
        good = limit.is_finite() and 0 <= limit < 1
    except InvalidOperation:
        good = False
    if not good:
        raise Invalid("a limit of Z' lies from 0 to below 1", errors={"z_prime": "such as 0.5"}, given=z_prime)
    return act.create(
        Assay, program=program, code=code.strip(), title=title.strip(), target=target.strip(), readout=readout.strip(),
        signal_unit=signal_unit, wells=int(wells), negative=negative.strip(), positive=positive.strip(),
        z_prime=z_prime,
    )  # fmt: skip


@verb("discovery.open_run", "open a run of an assay", roles=BIOLOGISTS)
def open_run(act: Act, assay: Assay, *, performed_on: dt.date) -> Run:
    """Open a run."""
    if performed_on > act.now.date():
        raise Invalid("a run lies not in the future", errors={"performed_on": "today or earlier"})
    assert assay.program is not None
    code = next_code(act, Run, "RUN", assay.program)
    return act.create(Run, program=assay.program, assay=assay, code=code, performed_on=performed_on)


@verb("discovery.add_plate", "add a plate to a run", roles=BIOLOGISTS)
def add_plate(
    act: Act, run: Run, *, code: str, data: bytes, file_name: str, layout: tuple[bytes, str] | None = None
) -> Plate:
    """Add a plate: its file is sealed, its controls judged, its signals placed between them, a curve fitted for each lot.

    A lot that is not one of this program is not known here; the raw signals stay what they are.
    """
    must_be(run, Run.State.OPEN)
    said(code=code)
    if Plate.objects.filter(program=run.program, code=code.strip(), is_void=False).exists():
        raise Invalid("this plate is there already", errors={"code": "taken"}, given=code)
    wells = read_plate(data, file_name, run.assay.wells, layout, unit=run.assay.signal_unit, plate=code.strip())
    lots = lots_of(run, wells.lots)
    dataset = seal(
        act, name=f"Plate {code.strip()}", data=wells.frame, kind="plate", program=run.program, original=data,
        file_name=file_name,
    )  # fmt: skip
    controls = {role: column(dataset, "signal", role=role) for role in ("negative", "positive")}
    basis = [dataset, run.assay]
    quality = computing.run(
        act, "discovery.plate_quality", inputs=controls, sources=basis, program=run.program,
        title=f"Quality of plate {code}",
    )  # fmt: skip
    normalised = computing.run(
        act, "discovery.percent_inhibition", sources=basis, program=run.program, title=f"Inhibition on plate {code}",
        inputs={"signals": column(dataset, "signal", role="sample"), **controls},
    )  # fmt: skip
    plate = act.create(
        Plate, program=run.program, run=run, code=code.strip(), dataset=dataset, quality=quality,
        normalised=normalised, sources=sources_of([dataset, quality, normalised]),
    )  # fmt: skip
    samples = wells.frame.filter(wells.frame["role"] == "sample")
    values = normalised.output["values"]
    for name, lot in lots.items():
        doses = [float(one["dose"]) for one in samples.iter_rows(named=True) if one["lot"] == name]
        response = [value for value, one in zip(values, samples["lot"].to_list(), strict=True) if one == name]
        _fit(act, plate, lot, column(dataset, "dose", role="sample", lot=name), doses, response)
    return plate


def lots_of(run: Run, names: list[str]) -> dict[str, CompoundLot]:
    """Return the lots of a plate by the names in its file; a compound's or form's number means its only lot.

    Raises:
        Invalid: names those that this program does not know.
    """
    found: dict[str, CompoundLot] = {}
    errors: dict[str, str] = {}
    rows = list(
        CompoundLot.objects.filter(program=run.program, is_void=False).select_related("form__compound").order_by("code")
    )
    for name in names:
        fits = [one for one in rows if one.code == name] or [
            one for one in rows if name in (one.form.code, one.form.compound.code)
        ]
        if len(fits) == 1:
            found[name] = fits[0]
        else:
            errors[name[:40]] = f"{len(fits)} lots; name the lot" if fits else "no such lot in this program"
    if errors:
        raise Invalid("lots of this plate are not known; nothing was saved", errors=errors, next="Register them first")
    return found


# What no ledger holds as a number: beyond it a float that is whole cannot be told from an integer.
FAR = 2.0**53


def _shape(doses: list[float], response: list[float]) -> dict[str, Any]:
    """Return how a curve is fitted: four free parameters, or plateaus at the controls where a free fit runs away.

    A compound that hardly acts says nothing of its top; held at 0 and 100 % its IC50 is a bound.
    """
    shape: dict[str, Any] = {"parameters": 4, "absolute_level": 50.0}
    try:
        told = to_json(fit_curve(dose=doses, response=response, **shape))
    except MethodError:
        return shape
    runs_away = any(abs(value) >= FAR for value in _numbers(told))
    return {**shape, "fixed": {"bottom": 0.0, "top": 100.0}} if runs_away else shape


def _numbers(told: Any) -> Iterator[float]:
    if isinstance(told, dict):
        told = list(told.values())
    if isinstance(told, list):
        for one in told:
            yield from _numbers(one)
    elif isinstance(told, float):
        yield told


def _fit(
    act: Act, plate: Plate, lot: CompoundLot, dose: dict[str, Any], doses: list[float], response: list[float]
) -> Curve:
    """Fit the curve of a lot; where there can be none, say why."""
    inputs = {"dose": dose, "response": response}
    basis = [plate.dataset, plate.normalised, lot]
    computed, why = None, ""
    try:
        computed = computing.run(
            act, "discovery.curve_fit", inputs=inputs, parameters=_shape(doses, response),
            sources=basis, program=plate.program, title=f"Curve of {lot} on {plate}",
        )  # fmt: skip
    except MethodError as error:
        why = str(error)[:300]
    return act.create(
        Curve, program=plate.program, plate=plate, lot=lot, computed=computed, no_curve=why,
        sources=sources_of([*basis, *([computed] if computed else [])]),
    )  # fmt: skip


@verb("discovery.review_curve", "approve or reject a curve", roles=BIOLOGISTS)
def review_curve(act: Act, curve: Curve, *, approve: bool, comment: str = "") -> Curve:
    """Decide on one curve while its run is open. A rejection says why; a curve that is none cannot be approved."""
    must_be(curve.plate.run, Run.State.OPEN)
    if approve and curve.computed is None:
        raise Refused(f"{curve} has no fit", given=curve.no_curve, next="Reject it with the reason")
    if not approve:
        said(comment=comment)
    state = Curve.State.APPROVED if approve else Curve.State.REJECTED
    return act.change(curve, state=state, comment=comment.strip(), reviewed_by=person_of(act))


@verb("discovery.approve_curves", "approve the curves of a run that nothing speaks against", roles=BIOLOGISTS)
def approve_curves(act: Act, run: Run) -> list[Curve]:
    """Approve every open curve that has a fit and no flag; those with one are looked at one by one."""
    must_be(run, Run.State.OPEN)
    rows = Curve.objects.filter(plate__run=run, state=Curve.State.OPEN, computed__isnull=False, is_void=False)
    found = rows.select_related("computed", "plate", "lot")
    clean = [one for one in found if one.computed is not None and not one.computed.output["flags"]]
    if not clean:
        raise Refused("no open curve is without a flag", next="Decide on each of them")
    return [act.change(one, state=Curve.State.APPROVED, reviewed_by=person_of(act)) for one in clean]


@verb("discovery.accept_run", "accept a run", roles=LEADS, signs=Meaning.REVIEWED)
def accept_run(act: Act, run: Run, *, conclusion: str, credentials: Credentials, seen: Seen | None = None) -> Run:
    """Accept a run by signature: every plate meets its Z', every curve is decided. Potencies are computed anew."""
    must_be(run, Run.State.OPEN)
    said(conclusion=conclusion)
    plates = list(run.plates.filter(is_void=False).select_related("quality"))
    open_ = Curve.objects.filter(plate__run=run, state=Curve.State.OPEN, is_void=False).count()
    if not plates or open_:
        raise Refused(f"{run} is not ready", given=f"{len(plates)} plates, {open_} curves not decided",
                      allowed="plates, and every curve approved or rejected")  # fmt: skip
    limit = float(run.assay.z_prime)
    weak = [f"{p}: {p.quality.output['z_prime']}" for p in plates if not _meets(p.quality.output["z_prime"], limit)]
    if weak:
        raise Refused(f"{run} holds a plate below its Z'", given=", ".join(weak), allowed=f"at least {run.assay.z_prime}",
                      next="Reject the run, with the reason")  # fmt: skip
    act.reason = act.reason or conclusion.strip()
    act.change(run, state=Run.State.ACCEPTED, conclusion=conclusion.strip(), decided_by=person_of(act))
    sign(act, [run], Meaning.REVIEWED, credentials, seen=seen, independent_of=plates)
    for compound in Compound.objects.filter(
        forms__lots__curves__plate__run=run, forms__lots__curves__state=Curve.State.APPROVED, is_void=False
    ).distinct():
        report_potency(act, compound, run.assay)
    return run


def _meets(value: Any, limit: float) -> bool:
    return value is not None and float(value) >= limit


@verb("discovery.reject_run", "reject a run", roles=LEADS, signs=Meaning.REVIEWED)
def reject_run(act: Act, run: Run, *, conclusion: str, credentials: Credentials, seen: Seen | None = None) -> Run:
    """Reject a run by signature, with the reason; its curves stay and carry no potency."""
    must_be(run, Run.State.OPEN)
    said(conclusion=conclusion)
    act.change(run, state=Run.State.REJECTED, conclusion=conclusion.strip(), decided_by=person_of(act))
    sign(act, [run], Meaning.REVIEWED, credentials, seen=seen)
    return run


def report_potency(act: Act, compound: Compound, assay: Assay) -> Potency:
    """Compute the potency of a compound anew: the geometric mean over approved curves of accepted runs."""
    curves = list(
        Curve.objects.filter(
            lot__form__compound=compound, plate__run__assay=assay, plate__run__state=Run.State.ACCEPTED,
            state=Curve.State.APPROVED, is_void=False,
        ).select_related("computed").order_by("entry")
    )  # fmt: skip
    fits = [one.computed for one in curves if one.computed is not None and one.computed.output["reported"] is not None]
    try:
        computed = computing.run(
            act, "discovery.mean_potency",
            inputs={
                "values": [fit.output["reported"] for fit in fits],
                "qualifiers": [fit.output["qualifier"] for fit in fits],
            },
            sources=fits, program=compound.program, title=f"Potency of {compound} in {assay}",
        )  # fmt: skip
    except MethodError as error:
        raise Refused(f"the potency of {compound} cannot be computed", given=str(error)[:200]) from error
    values = {"computed": computed, "sources": sources_of([computed])}
    known = Potency.objects.filter(compound=compound, assay=assay, is_void=False).first()
    if known is not None:
        return act.change(known, **values)
    return act.create(Potency, program=compound.program, compound=compound, assay=assay, **values)


__all__ = [
    "accept_run", "add_plate", "approve_curves", "define_assay", "lots_of", "open_run", "reject_run", "report_potency",
    "review_curve",
]  # fmt: skip
