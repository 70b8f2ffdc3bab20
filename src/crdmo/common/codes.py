"""Numbers that people say aloud: LOT-26-0001, counted within a program (or an organization) and a year."""

from __future__ import annotations

from typing import Any

from crdmo.foundation.accounts.models import Organization, Program
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record


def next_code(act: Act, model: type[Record], prefix: str, tenant: Program | Organization) -> str:
    """Return the next free code. The act holds the head of the ledger, so two acts cannot take the same one."""
    start = f"{prefix}-{act.now:%y}-"
    scope: dict[str, Any] = {"program": tenant} if isinstance(tenant, Program) else {"organization": tenant}
    manager: Any = model._default_manager
    taken = manager.filter(code__startswith=start, **scope).values_list("code", flat=True)
    numbers = [int(tail) for code in taken if (tail := code.removeprefix(start)).isdigit()]
    return f"{start}{max(numbers, default=0) + 1:04d}"
