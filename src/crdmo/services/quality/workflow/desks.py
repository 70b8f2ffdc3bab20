"""Which roles sit at which desk of the laboratory; the verbs name them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from crdmo.foundation.accounts.authority import declare
from crdmo.foundation.accounts.roles import EVERYONE, Role

# The version of each record that a signer was shown, by its key; who signs without a page gives none.
Seen: TypeAlias = Mapping[Any, int]

BENCH = (Role.ANALYST, Role.SUPERVISOR)
CHECKERS = (Role.REVIEWER, Role.SUPERVISOR)
SPECIFIERS = (Role.SUPERVISOR, Role.QA)
QUALITY_UNIT = (Role.QA, Role.QUALIFIED_PERSON)
STABILITY = (Role.STABILITY_COORDINATOR, Role.SUPERVISOR)
METROLOGY = (Role.METROLOGIST, Role.SUPERVISOR)
PARTNER = tuple(r for r in EVERYONE if r not in (Role.SPONSOR_LEAD, Role.SPONSOR_QA, Role.INSPECTOR))

VIEW = declare("quality.view", "see the quality control of a program", EVERYONE)
VIEW_BENCH = declare("quality.view_bench", "see the laboratory's methods, instruments and reagents", PARTNER)
