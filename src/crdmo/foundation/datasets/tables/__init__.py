"""Tables as people upload and download them: CSV, XLSX, JSON and Parquet, read strictly and written safely.

Cells of an uploaded table stay text, so that `99.80` is not `99.8`; `numbers` turns a column into measured values and
`typed` a whole table into columns for computing.
"""

from __future__ import annotations

from .numbers import number_text
from .reader import read_table
from .table import Flag, Limits, Table
from .writers import MEDIA_TYPES, csv_safe, write_csv, write_json, write_parquet, write_xlsx

__all__ = [
    "MEDIA_TYPES", "Flag", "Limits", "Table", "csv_safe", "number_text", "read_table", "write_csv", "write_json",
    "write_parquet", "write_xlsx",
]  # fmt: skip
