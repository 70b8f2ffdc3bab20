"""By which rules exposure is computed: the window of λz, what counts below the limit of quantification, and the route as recorded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crdmo.common.studies.models import Finding, Intervention, Study
from crdmo.foundation.refusals import Invalid

WINDOWS = {
    "pknca": "PKNCA: never the peak",
    "winnonlin": "WinNonlin: the peak too after a bolus",
}
BELOW = {
    "usual": ("0 before, missing between, dropped after", ("zero", "missing", "missing")),
    "half": ("Half the limit before and between, dropped after", ("half_the_limit", "half_the_limit", "missing")),
    "zero": ("0 throughout", ("zero", "zero", "zero")),
}


def checked(window: str, below: str) -> None:
    """Refuse a rule that there is not.

    Raises:
        Invalid: a window or a rule below the limit of another name.
    """
    for name, given, known in (("window", window, WINDOWS), ("below", below, BELOW)):
        if given not in known:
            raise Invalid("there is no such rule", errors={name: ", ".join(known)}, given=given)


def parameters(window: str, below: str, samples: Iterable[Finding], route: str) -> dict[str, Any]:
    """Return the parameters of the method for one profile.

    Raises:
        Invalid: half the limit is asked for, and the samples do not say one limit.
    """
    before, between, after = BELOW[below][1]
    rules: dict[str, Any] = {"before": before, "between": between, "after": after}
    if below == "half":
        limits = {one.lower_limit for one in samples}
        if len(limits) != 1 or "" in limits:
            said = ", ".join(sorted(limits - {""}))
            raise Invalid(
                "half the limit needs one limit of quantification", errors={"below": said or "no sample has its limit"}
            )
        rules["limit"] = float(limits.pop())
    return {"interval": 24.0, "rule": "linear_up_log_down", "route": route, "window": window, "below": rules}


def routes(study: Study) -> dict[Any, str]:
    """Return by subject whether its doses went into a vein at once; every other route counts as through a barrier.

    Raises:
        Invalid: an animal was infused: its profile needs the time of the infusion, which no record states.
    """
    rows = Intervention.objects.filter(study=study, domain="EX", is_void=False).exclude(route="")
    found: dict[Any, str] = {}
    for subject, code, route in rows.order_by("entry").values_list("subject_id", "subject__code", "route"):
        words = route.upper()
        if "INTRAVENOUS" in words and ("DRIP" in words or "INFUSION" in words):
            raise Invalid("an infusion has its duration", errors={"route": f"{code}: {route}"})
        found[subject] = "bolus" if "INTRAVENOUS" in words else "extravascular"
    return found


def told(parameters: dict[str, Any]) -> str:
    """Return in words by which rules a kept result was computed; "" for one before there was a choice."""
    rules = parameters.get("below") or {}
    key = (rules.get("before"), rules.get("between"), rules.get("after"))
    words = next((name for name, found in BELOW.values() if found == key), "")
    return f"λz by {WINDOWS[parameters['window']]}; below the limit: {words}" if words else ""
