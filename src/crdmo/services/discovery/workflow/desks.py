"""Which roles sit at which desk of discovery; the verbs name them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from crdmo.foundation.accounts.authority import declare
from crdmo.foundation.accounts.roles import EVERYONE, Role

# The version of each record that a signer was shown, by its key; who signs without a page gives none.
Seen: TypeAlias = Mapping[Any, int]

CHEMISTS = (Role.MEDICINAL_CHEMIST, Role.DISCOVERY_LEAD)
BIOLOGISTS = (Role.SCREENING_BIOLOGIST, Role.DISCOVERY_LEAD)
LEADS = (Role.DISCOVERY_LEAD,)

VIEW = declare("discovery.view", "see the discovery of a program", EVERYONE)
