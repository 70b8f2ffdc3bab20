"""Tables of records: sorted, cut into pages and given as CSV, XLSX, Parquet or JSON, all at the same address.

    LOTS = Table("lots", "Lots", (
        Column("code", "Lot", kind="record", sort="code"),
        Column("amount", "Amount", kind="number", unit="unit"),
        Column("status", "Status", kind="state", sort="status"),
    ))

    def lots(request):
        rows = Lot.objects.filter(program=request.program).select_related("substance")
        return LOTS.answer(request, rows, "quality/lots.html", {"heading": "Lots"})

and in the template `{% table table %}`. Pages are cut by key, not by number: the next page starts after the last row
that was seen, so nothing is shown twice or left out when rows are added meanwhile, and page 1,000 costs what page 1
does.
"""

from __future__ import annotations

from .columns import Column, Kind
from .page import TablePage, heading
from .table import Table

__all__ = ["Column", "Kind", "Table", "TablePage", "heading"]
