"""A baseline: figures of before, with source and formula, frozen by both signatures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from crdmo.common.codes import next_code
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning

from ..measures import CURRENCY, MEASURES, Measure
from ..models import Baseline, BaselineLine
from ..money import currency_code, decimal_text
from .desks import MANAGERS, accept


@verb("engagements.draft_baseline", "draft a baseline", roles=MANAGERS)
def draft_baseline(
    act: Act, program: Program, *, title: str, on: dt.date, lines: Sequence[Mapping[str, str]]
) -> Baseline:
    """Draft a baseline: each line a measure with its value before, and where that comes from.

    Raises:
        Invalid: no line, an unknown measure or one twice, a value that is none, no source or formula.
    """
    if not lines:
        raise Invalid("a baseline has figures", errors={"lines": "none"}, allowed=", ".join(sorted(MEASURES)))
    baseline = act.create(Baseline, program=program, code=next_code(act, Baseline, "BL", program), title=title, on=on)
    seen: set[str] = set()
    for i, line in enumerate(lines, 1):
        measure = MEASURES.get(line["measure"])
        if measure is None or measure.name in seen:
            raise Invalid(
                "a line is of a known measure, each once", errors={f"lines/{i}/measure": "not known, or twice"},
                given=line["measure"], allowed=", ".join(sorted(MEASURES)),
            )  # fmt: skip
        seen.add(measure.name)
        source, formula = line.get("source", "").strip(), line.get("formula", "").strip()
        if not source or not formula:
            raise Invalid("a figure says where it comes from", errors={f"lines/{i}/source": "source and formula"})
        act.create(
            BaselineLine,
            program=program,
            baseline=baseline,
            position=i,
            measure=measure.name,
            value=decimal_text(line["value"], f"lines/{i}/value"),
            unit=_unit(measure, program, line.get("unit", ""), f"lines/{i}/unit"),
            source=source,
            formula=formula,
        )
    return baseline


def _unit(measure: Measure, program: Program, given: str, place: str) -> str:
    """Return the unit of a figure; money is in the currency that is named, else in that of the program's orders."""
    if measure.unit != CURRENCY:
        return measure.unit
    found = given or measure.unit_for(program)
    if not found:
        raise Invalid("an amount names its currency", errors={place: "which one?"}, given="none", allowed="EUR, USD, …")
    return currency_code(found)


@verb("engagements.sign_baseline", "sign a baseline", roles=MANAGERS, signs=Meaning.ACCEPTED)
def sign_baseline(act: Act, baseline: Baseline, *, credentials: Credentials) -> Baseline:
    """Sign for one's organization; with both signatures it is frozen, and one is in force in a program."""
    program = baseline.program
    assert program is not None
    if baseline.state != "draft":
        raise Refused(f"{baseline} is signed", given=baseline.get_state_display())
    if Baseline.objects.filter(program=program, state="signed", is_void=False).exists():
        raise Refused("the baseline of this program is signed", next="A frozen baseline is not replaced to look better")
    both = accept(act, baseline, credentials, [program.organization, program.partner])
    return act.change(baseline, state="signed") if both else baseline
