"""Files of plate readers as their instruments write them: BMG MARS exports, and lists of plate, well and value."""

from .bmg import is_bmg, read_bmg
from .lists import is_list, read_list
from .reading import Reading, WellValue, plate_of, reading_checks, well_place

__all__ = [
    "Reading", "WellValue", "is_bmg", "is_list", "plate_of", "read_bmg", "read_list", "reading_checks", "well_place",
]  # fmt: skip
