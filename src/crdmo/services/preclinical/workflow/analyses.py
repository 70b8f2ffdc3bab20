"""Results of a study: toxicokinetics of a day, comparisons with the control."""

from __future__ import annotations

from crdmo.common.studies.models import Study, Visit
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, Refused

from .. import comparison, toxicokinetics
from ..models import Analysis
from .desks import DIRECTOR, as_director


def _open(act: Act, study: Study) -> None:
    as_director(act, study)
    if study.state not in (Study.State.ACTIVE, Study.State.COMPLETED) and not study.is_imported:
        raise Refused(f"{study} takes no analysis", given=study.get_state_display(), allowed="active or completed")


@verb("preclinical.compute_toxicokinetics", "compute toxicokinetics", roles=DIRECTOR)
def compute_toxicokinetics(
    act: Act, study: Study, visit: Visit, *, window: str = "pknca", below: str = "usual"
) -> list[Analysis]:
    """Compute the exposure of each animal on a day, by non-compartmental analysis of nominal times.

    `window` says by whose rules the terminal phase is found, `below` what counts below the limit (see `kinetic_rules`).
    """
    _open(act, study)
    if visit.study_id != study.id:
        raise Invalid("the day is one of this study", errors={"visit": "not of this study"}, given=str(visit))
    return toxicokinetics.compute(act, study, visit, window=window, below=below)


@verb("preclinical.compare_groups", "compare groups with the control", roles=DIRECTOR)
def compare_groups(act: Act, study: Study, *, domain: str, code: str, day: int, specimen: str = "") -> list[Analysis]:
    """Compare each dose group with the control by Dunnett's test, sexes apart."""
    _open(act, study)
    return comparison.compare(act, study, domain=domain, code=code, day=day, specimen=specimen)
