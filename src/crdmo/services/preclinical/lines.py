"""A design entered as lines of one table: groups, epochs, activities with their items, days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crdmo.foundation.refusals import Invalid

COLUMNS = ("kind", "code", "name", "value", "unit", "more")
KINDS = ("group", "epoch", "activity", "item", "day")
ELAPSED = {"h": "PT{}H", "min": "PT{}M"}


def design_of_lines(lines: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Return arms, epochs, activities and visits from lines.

    group: value is the dose; more `control` for the control, and `n=5` for the animals of each sex.   epoch: its code and name.
    activity: value is the domain.   item: belongs to the activity above it; code and name of the test, its unit,
    and in more the specimen, a time point such as `@1 h`, and `LLOQ=1.00`.
    day: value is the study day; unit the epoch; more the activities, and a window such as `-1+2`.

    Raises:
        Invalid: names each line that cannot be read.
    """
    found: dict[str, Any] = {"arms": [], "epochs": [], "activities": [], "visits": []}
    errors: dict[str, str] = {}
    for number, given in enumerate(lines, 1):
        line = {name: str(given.get(name, "")).strip() for name in COLUMNS}
        if not any(line.values()):
            continue
        try:
            _read(line, found)
        except ValueError as error:
            errors[f"line {number}"] = str(error)
    if errors:
        raise Invalid("these lines cannot be read; nothing was saved", errors=errors, given=", ".join(errors))
    return found


def _read(line: Mapping[str, str], found: dict[str, Any]) -> None:
    kind = line["kind"].lower()
    if kind not in KINDS:
        raise ValueError(f"kind is one of {', '.join(KINDS)}, given {line['kind'] or 'nothing'}")
    base = {"code": line["code"], "name": line["name"] or line["code"]}
    if kind == "group":
        words = line["more"].lower().split()
        made: dict[str, Any] = {
            **base,
            "dose": line["value"] or "0",
            "unit": line["unit"],
            "is_control": "control" in words,
        }
        for word in words:
            name, sign, value = word.partition("=")
            if sign and (name != "n" or not value.isdigit()):
                raise ValueError(f"animals of each sex are written n=5, given {word}")
            made |= {"planned": int(value)} if sign else {}
        found["arms"].append(made)
    elif kind == "epoch":
        found["epochs"].append(base)
    elif kind == "activity":
        found["activities"].append({**base, "domain": line["value"].upper(), "items": []})
    elif kind == "item":
        if not found["activities"]:
            raise ValueError("an item stands below its activity")
        found["activities"][-1]["items"].append(_item(line))
    else:
        found["visits"].append(_day(line, base))


def _item(line: Mapping[str, str]) -> dict[str, str]:
    made = {"code": line["code"], "name": line["name"] or line["code"], "unit": line["unit"]}
    rest, _, point = line["more"].partition("@")
    words = []
    for word in f"{rest} ".split():
        name, sign, value = word.partition("=")
        if sign and name.upper() == "LLOQ":
            made["lower_limit"] = value
        else:
            words.append(word)
    made["specimen"] = " ".join(words)
    if point.strip():
        parts = point.split()
        if parts[-1].upper().startswith("LLOQ="):
            made["lower_limit"] = parts.pop()[5:]
        made["time_point"] = " ".join(parts)
        number, unit = (*parts, "")[:2]
        made["elapsed"] = ELAPSED[unit].format(number) if unit in ELAPSED else ""
    return made


def _day(line: Mapping[str, str], base: Mapping[str, str]) -> dict[str, Any]:
    try:
        day = int(line["value"])
    except ValueError:
        raise ValueError(f"a day is a whole number, given {line['value'] or 'nothing'}") from None
    made: dict[str, Any] = {**base, "day": day, "epoch": line["unit"], "activities": []}
    for word in line["more"].replace(",", " ").split():
        if word.startswith("-") and "+" in word:
            before, _, after = word[1:].partition("+")
            if not (before.isdigit() and after.isdigit()):
                raise ValueError(f"a window is written -1+2, given {word}")
            made |= {"before": int(before), "after": int(after)}
        else:
            made["activities"].append(word)
    return made


def lines_of_design() -> list[dict[str, str]]:
    """Return lines of a 28-day study to begin a draft with; every one of them can be changed or taken out."""
    rows = [
        ("group", "1", "Control", "0", "mg/kg", "control n=5"),
        ("group", "2", "Low dose", "", "mg/kg", "n=5"),
        ("group", "3", "Mid dose", "", "mg/kg", "n=5"),
        ("group", "4", "High dose", "", "mg/kg", "n=5"),
        ("epoch", "PRE", "Acclimation", "", "", ""),
        ("epoch", "TRT", "Treatment", "", "", ""),
        ("activity", "BW", "Body weight", "BW", "", ""),
        ("item", "BW", "Body Weight", "", "g", ""),
        ("day", "D-1", "Day -1", "-1", "PRE", "BW"),
        ("day", "D1", "Day 1", "1", "TRT", "BW"),
        ("day", "D8", "Day 8", "8", "TRT", "BW -1+1"),
        ("day", "D15", "Day 15", "15", "TRT", "BW -1+1"),
        ("day", "D22", "Day 22", "22", "TRT", "BW -1+1"),
        ("day", "D28", "Day 28", "28", "TRT", "BW -1+1"),
    ]
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]
