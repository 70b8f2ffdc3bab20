"""Which headings an application is expected to have, and which desk brings them.

Sources: 21 CFR 312.23 (IND); ICH M4(R4), M4Q, M4S, M4E (CTD); 21 CFR 314.50 (NDA); Directive 2001/83/EC, Annex I (MAA);
EMA/CHMP/QWP/545525/2017 (IMPD). A heading counts as present where a leaf stands at it or below it.
"""

from __future__ import annotations

from dataclasses import dataclass

REGULATORY, QUALITY, PROCESS = "Regulatory affairs", "Quality control", "Process development"
PRECLINICAL, CLINICAL, MANUFACTURING = "Preclinical studies", "Clinical trials", "Manufacturing"


@dataclass(frozen=True)
class Expected:
    """One heading that is expected, and the desk that brings it."""

    section: str
    desk: str


def _rows(desk: str, *sections: str) -> tuple[Expected, ...]:
    return tuple(Expected(section, desk) for section in sections)


_QUALITY_EARLY = (
    *_rows(PROCESS, "3.2.S.1", "3.2.S.2.2"),
    *_rows(QUALITY, "3.2.S.4.1", "3.2.S.4.4", "3.2.S.7"),
    *_rows(PROCESS, "3.2.P.1"),
    *_rows(MANUFACTURING, "3.2.P.3"),
    *_rows(QUALITY, "3.2.P.5.1", "3.2.P.5.4", "3.2.P.8"),
)
_QUALITY_FULL = (
    *_rows(PROCESS, "3.2.S.1", "3.2.S.2", "3.2.S.3"),
    *_rows(QUALITY, "3.2.S.4.1", "3.2.S.4.2", "3.2.S.4.3", "3.2.S.4.4", "3.2.S.4.5", "3.2.S.5", "3.2.S.6", "3.2.S.7"),
    *_rows(PROCESS, "3.2.P.1", "3.2.P.2"),
    *_rows(MANUFACTURING, "3.2.P.3"),
    *_rows(QUALITY, "3.2.P.4", "3.2.P.5.1", "3.2.P.5.2", "3.2.P.5.3", "3.2.P.5.4", "3.2.P.5.6", "3.2.P.7", "3.2.P.8"),
)
_SUMMARIES = (
    *_rows(REGULATORY, "2.2", "2.3"),
    *_rows(PRECLINICAL, "2.4", "2.6"),
    *_rows(CLINICAL, "2.5", "2.7"),
)
_STUDIES = (*_rows(PRECLINICAL, "4.2.1", "4.2.2", "4.2.3"), *_rows(CLINICAL, "5.2", "5.3.5"))
EXPECTED: dict[str, tuple[Expected, ...]] = {
    "IND": (
        *_rows(REGULATORY, "1.1", "1.2", "1.20"),
        *_rows(CLINICAL, "1.14.4.1"),
        *_QUALITY_EARLY,
        *_rows(PRECLINICAL, "4.2.1", "4.2.3"),
        *_rows(CLINICAL, "5.3.5"),
    ),
    "NDA": (
        *_rows(REGULATORY, "1.1", "1.2", "1.3.3", "1.3.4", "1.3.5", "1.14.1.3"),
        *_SUMMARIES,
        *_QUALITY_FULL,
        *_STUDIES,
    ),
    "IMPD": (*_rows(REGULATORY, "1.0"), *_QUALITY_EARLY, *_rows(PRECLINICAL, "2.6"), *_rows(CLINICAL, "2.7")),
    "MAA": (
        *_rows(REGULATORY, "1.0", "1.2", "1.3.1", "1.4.1", "1.4.2", "1.4.3", "1.6", "1.8.2"),
        *_SUMMARIES,
        *_QUALITY_FULL,
        *_STUDIES,
    ),
}  # fmt: skip


def covers(section: str, placed: str) -> bool:
    """Say whether a leaf at `placed` fills the expected `section`: at it or below it."""
    return placed == section or placed.startswith(f"{section}.")
