"""A list of suppliers as people keep it, in a table: read strictly, taken whole or refused whole."""

from __future__ import annotations

from crdmo.foundation.accounts.models import Organization
from crdmo.foundation.datasets.tables import read_table
from crdmo.foundation.ledger.acts import Actor
from crdmo.foundation.refusals import Invalid

from .models import SupplierMaterial
from .workflow import suppliers

COLUMNS = ("code", "name", "country", "material", "critical")


def bring_suppliers(actor: Actor, house: Organization, file_name: str, data: bytes) -> list[SupplierMaterial]:
    """Register the suppliers and materials of a table; each still has to be qualified.

    Raises:
        Invalid: the file cannot be read, a column is missing, or a row cannot be taken; the row is named.
    """
    table = read_table(data, file_name)
    table.require(*COLUMNS)
    frame = table.typed(dict.fromkeys(table.columns, "text"))
    rows = [
        {name: str(row[name] or "").strip() for name in COLUMNS} for row in frame.select(COLUMNS).iter_rows(named=True)
    ]
    if not rows:
        raise Invalid("the table has no row", given=file_name)
    return suppliers.bring_suppliers(actor, house, rows=rows)
