"""Read a plate-reader document of the Allotrope Simple Model (JSON): its wells, and what it says of plate and detector.

The manifest names the edition; a file of another instrument is refused. A document is what a converter made of a
reader's file, so `plate_readers.reading_checks` looks at it before anybody believes it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from crdmo.standards.plate_readers.reading import Reading, WellValue, plate_of, well_name, well_place
from crdmo.standards.refusals import FormatError

MANIFEST = re.compile(
    r"https?://purl\.allotrope\.org/manifests/plate-reader/([A-Z]+/\d{4}/\d{2})/plate-reader\.manifest"
)
DETECTIONS = ("absorbance", "luminescence", "fluorescence")
WAVELENGTHS = ("detector wavelength setting",)
MOST = 64 * 2**20


@dataclass(frozen=True)
class PlateReaderDocument:
    """A document: the edition of its schema, and the reading."""

    edition: str
    reading: Reading


def is_asm(data: bytes) -> bool:
    """Say whether these bytes are a document of the Allotrope Simple Model."""
    head = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    return head.startswith(b"{") and b"$asm.manifest" in data[:65536]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise FormatError("a name stands twice in one object", given=key[:60], allowed="each name once")
        found[key] = value
    return found


def _loaded(data: bytes) -> Any:
    if len(data) > MOST:
        raise FormatError("the document is too large", given=f"{len(data)} bytes", allowed=f"{MOST} bytes")
    try:
        return json.loads(data.decode("utf-8-sig"), object_pairs_hook=_unique)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise FormatError("the document is torn", given=str(error)[:80], allowed="a whole JSON document") from error


def read_asm(data: bytes) -> PlateReaderDocument:
    """Read a document.

    Raises:
        FormatError: it is torn or of another instrument, a well stands twice or is none, a value is no number, or the
            wells are in different units, wavelengths or plates.
    """
    whole = _loaded(data)
    manifest = str(whole.get("$asm.manifest", "")) if isinstance(whole, dict) else ""
    found = MANIFEST.fullmatch(manifest)
    if found is None:
        raise FormatError(
            "this is no plate-reader document of the Allotrope Simple Model", given=manifest[:120] or "no manifest",
            allowed="http://purl.allotrope.org/manifests/plate-reader/REC/…/plate-reader.manifest",
        )  # fmt: skip
    values: dict[str, WellValue] = {}
    said: dict[str, set[Any]] = {"detection": set(), "unit": set(), "wavelength": set(), "plate": set(), "count": set()}
    for place, group, one in _measurements(whole):
        name = _well(one, place)
        if name in values:
            raise FormatError(f"{place}: a well stands twice", given=name, allowed="one reading of each well")
        values[name] = _value(one, place, name, said)
        said["plate"].add(str(one["sample document"].get("well plate identifier", "")))
        said["count"].add(_quantity(group.get("plate well count"), "#", f"{place}, plate well count"))
        said["wavelength"].add(_setting(one, place))
    if not values:
        raise FormatError("the document holds no well", given="none", allowed="at least one")
    for what, seen in said.items():
        if len(seen) > 1:
            raise FormatError(
                f"the wells have not one {what}", given=", ".join(sorted(map(str, seen))[:5]), allowed="one"
            )
    (detection,), (unit,), (wavelength,), (plate,), (count,) = said.values()
    wells = plate_of(well_place(name) for name in values)
    stated = int(count) if count is not None and count == int(count) else None
    reading = Reading(
        "Allotrope Simple Model", tuple(values.values()), wells, detection, unit, wavelength, plate, stated
    )
    return PlateReaderDocument(found[1], reading)


def _measurements(whole: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield each measurement with its place and the group that it stands in."""
    documents = _list(_part(whole, "plate reader aggregate document", "document"), "plate reader document", "document")
    for i, document in enumerate(documents):
        place = f"plate reader document {i + 1}"
        group = _part(document, "measurement aggregate document", place)
        for one in _list(group, "measurement document", place):
            yield place, group, one


def _part(whole: Any, name: str, place: str) -> dict[str, Any]:
    found = whole.get(name) if isinstance(whole, dict) else None
    if not isinstance(found, dict):
        raise FormatError(f"{place}: {name} is missing", allowed="as the schema of the manifest lays it out")
    return found


def _list(whole: Any, name: str, place: str) -> list[dict[str, Any]]:
    found = whole.get(name) if isinstance(whole, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise FormatError(f"{place}: {name} is missing", allowed="as the schema of the manifest lays it out")
    return found


def _well(one: dict[str, Any], place: str) -> str:
    sample = _part(one, "sample document", place)
    return well_name(*well_place(str(sample.get("location identifier", "")), lower_case_rows=True))


def _quantity(given: Any, unit: str, place: str) -> float | None:
    if given is None:
        return None
    value = given.get("value") if isinstance(given, dict) else None
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise FormatError(f"{place}: no number", given=str(given)[:60])
    if given.get("unit") != unit:
        raise FormatError(f"{place}: another unit", given=str(given.get("unit")), allowed=unit)
    return float(value)


def _value(one: dict[str, Any], place: str, name: str, said: dict[str, set[Any]]) -> WellValue:
    kinds = [kind for kind in DETECTIONS if kind in one]
    if len(kinds) != 1:
        raise FormatError(f"{place}: one reading a measurement", given=", ".join(kinds) or "none", allowed="one")
    given = one[kinds[0]]
    unit = str(given.get("unit", "")) if isinstance(given, dict) else ""
    value = _quantity(given, unit, f"{place}, {kinds[0]}")
    if value is None:
        raise FormatError(f"{place}: no value", given=name)
    said["detection"].add(kinds[0])
    said["unit"].add(unit)
    return WellValue(name, repr(given["value"]))


def _setting(one: dict[str, Any], place: str) -> float | None:
    aggregate = one.get("device control aggregate document", {})
    controls = aggregate.get("device control document", []) if isinstance(aggregate, dict) else []
    for control in controls if isinstance(controls, list) else []:
        for name in WAVELENGTHS:
            if isinstance(control, dict) and name in control:
                return _quantity(control[name], "nm", f"{place}, {name}")
    return None
