"""The regions: one place that knows which module 1 belongs to which, and finds a heading of any module."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import ModuleType

from crdmo.standards.ectd import regional_eu, regional_us
from crdmo.standards.ectd.headings import Heading, heading
from crdmo.standards.ectd.module1 import Section
from crdmo.standards.refusals import FormatError


class Region(enum.StrEnum):
    """Where an application goes."""

    US = "us"
    EU = "eu"


_MODULES: Mapping[Region, ModuleType] = {Region.US: regional_us, Region.EU: regional_eu}


def module_of(region: Region) -> ModuleType:
    """Return what is known of a region's module 1."""
    return _MODULES[region]


def sections(region: Region) -> Mapping[str, Section]:
    """Return the headings of a region's module 1 by section number."""
    found: Mapping[str, Section] = _MODULES[region].sections()
    return found


def place_of(region: Region, section: str) -> Heading | Section:
    """Return a heading of any module where a leaf can stand.

    Raises:
        FormatError: there is none of that number in the region, or only headings below it take leaves.
    """
    wanted = section.strip().removeprefix("m").removeprefix("M")
    if not (wanted == "1" or wanted.startswith("1.")):
        return heading(wanted)
    found = sections(region).get(wanted)
    if found is None or not found.takes_leaves:
        near = [number for number, one in sections(region).items() if one.takes_leaves and number.startswith(wanted)]
        raise FormatError(
            "no leaf stands at this section of module 1", given=section,
            allowed=", ".join(near[:12]) or f"a section of module 1 of {region.upper()}, such as 1.2",
        )  # fmt: skip
    return found


def util_names(region: Region, *, studies: bool) -> tuple[str, ...]:
    """Return the official files that a sequence carries in `util`, by their path there."""
    names = ["dtd/ich-ectd-3-2.dtd", "style/ectd-2-0.xsl"]
    if region is Region.US:
        names += [f"dtd/{regional_us.DTD}", "style/us-regional.xsl"]
    else:
        names += ["dtd/eu-regional.dtd", "dtd/eu-envelope.mod", "dtd/eu-leaf.mod", "style/eu-regional.xsl"]
    if studies:
        names += ["dtd/ich-stf-v2-2.dtd", "style/ich-stf-stylesheet-2-2a.xsl"]
    return tuple(names)


# SHA-256 of the official files as they are published, with their line ends (CRLF). A copy whose line ends were changed
# on the way is another file.
OFFICIAL = {
    "ich-ectd-3-2.dtd": "c094aa2bded99564ade8ac78ae1540f95e518461b8eebe9a3063f67a165c2731",
    "ectd-2-0.xsl": "41bf6aaf78fa1ba736951174c5e3dc6724410f4d5d9332034dac9b2c8d34dcd1",
}
