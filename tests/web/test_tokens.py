"""The tokens of the style sheet: contrast of every pair by the formula of WCAG 2; colours told apart by all eyes."""

from __future__ import annotations

import itertools
import math
import re
from pathlib import Path

import numpy as np
import pytest
from django.contrib.staticfiles import finders

from crdmo.science.figures import COLOURS

CSS = Path(str(finders.find("crdmo/app.css"))).read_text()
TONES = ("ok", "warn", "bad", "info", "stale", "neutral")
TEXTS = ("text", "muted", "accent", *TONES)
GROUNDS = ("page", "surface", "sunken")


def _blocks() -> dict[str, dict[str, str]]:
    found = re.findall(r"(:root[^{]*)\{([^}]*--page[^}]*)\}", CSS)
    themes = {}
    for selector, body in found:
        name = (
            "system dark"
            if ":not" in selector
            else "dark"
            if "dark" in selector
            else "light"
            if "," not in selector
            else "print"
        )
        themes[name] = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{3,6})", body))
    return themes


THEMES = _blocks()
BOTH = pytest.mark.parametrize("theme", ["light", "dark"])


def _linear(colour: str) -> np.ndarray:
    colour = colour.lstrip("#")
    colour = "".join(c * 2 for c in colour) if len(colour) == 3 else colour
    parts = np.array([int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    a, b = (float(_linear(c) @ [0.2126, 0.7152, 0.0722]) + 0.05 for c in (one, other))
    return max(a, b) / min(a, b)


def test_the_formula_gives_the_published_ends() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # WCAG 2: the grey that just fails


def test_both_dark_themes_are_the_same() -> None:
    assert THEMES["dark"] == THEMES["system dark"]
    assert len(THEMES["light"]) == len(THEMES["dark"]) >= 28


@BOTH
def test_the_tokens_are_those_of_the_design(theme: str) -> None:
    wanted = {
        "light": {
            "page": "#f6f8fa",
            "text": "#1b2128",
            "accent": "#0b5cad",
            "border": "#6e7781",
            "ok": "#1a6b34",
            "bad-bg": "#ffe3e2",
        },
        "dark": {
            "page": "#0f141a",
            "text": "#e6eaef",
            "accent": "#6cb2f7",
            "border": "#7d8590",
            "ok": "#6fd08c",
            "bad-bg": "#431417",
        },
    }[theme]
    assert {name: THEMES[theme][name] for name in wanted} == wanted


@BOTH
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("text", TEXTS)
def test_every_text_can_be_read_on_every_ground(theme: str, text: str, ground: str) -> None:
    assert contrast(THEMES[theme][text], THEMES[theme][ground]) >= 4.5


@BOTH
@pytest.mark.parametrize("tone", TONES)
def test_every_chip_can_be_read(theme: str, tone: str) -> None:
    assert contrast(THEMES[theme][tone], THEMES[theme][f"{tone}-bg"]) >= 4.5


@BOTH
@pytest.mark.parametrize("tone", ["warn", "bad", "stale", "info"])
def test_text_and_muted_text_can_be_read_on_notes(theme: str, tone: str) -> None:
    assert contrast(THEMES[theme]["text"], THEMES[theme][f"{tone}-bg"]) >= 4.5
    assert contrast(THEMES[theme]["muted"], THEMES[theme][f"{tone}-bg"]) >= 4.5


@BOTH
def test_words_on_the_main_button_can_be_read(theme: str) -> None:
    assert contrast(THEMES[theme]["on-accent"], THEMES[theme]["accent"]) >= 4.5


@BOTH
@pytest.mark.parametrize("ground", GROUNDS)
def test_borders_of_controls_and_the_focus_are_seen(theme: str, ground: str) -> None:
    assert contrast(THEMES[theme]["border"], THEMES[theme][ground]) >= 3
    assert contrast(THEMES[theme]["focus"], THEMES[theme][ground]) >= 3


def series(theme: str) -> list[str]:
    return [THEMES[theme][f"c{n}"] for n in range(1, 7)]


def test_figures_print_the_colours_of_the_light_theme() -> None:
    assert [c.lower() for c in COLOURS] == series("light")


@BOTH
def test_every_series_is_seen_on_the_surface(theme: str) -> None:
    assert min(contrast(colour, THEMES[theme]["surface"]) for colour in series(theme)) >= 3


# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB.
SEEN_BY = {
    "all": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def _lab(linear: np.ndarray) -> np.ndarray:
    to_xyz = np.array(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]
    )
    ratio = to_xyz @ np.clip(linear, 0, 1) / np.array([0.95047, 1.0, 1.08883])
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def ciede2000(one: np.ndarray, other: np.ndarray) -> float:
    """Sharma, Wu and Dalal (2005)."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean_c7 = ((math.hypot(a1, b1) + math.hypot(a2, b2)) / 2) ** 7
    g = 0.5 * (1 - math.sqrt(mean_c7 / (mean_c7 + 25.0**7)))
    c1, c2 = math.hypot((1 + g) * a1, b1), math.hypot((1 + g) * a2, b2)
    h1, h2 = (math.degrees(math.atan2(b, (1 + g) * a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    dh = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    big_dh = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(dh / 2))
    light, c = (l1 + l2) / 2, (c1 + c2) / 2
    h = (
        h1 + h2
        if c1 * c2 == 0
        else (h1 + h2) / 2
        if abs(h1 - h2) <= 180
        else (h1 + h2 + (360 if h1 + h2 < 360 else -360)) / 2
    )
    cos = lambda degrees: math.cos(math.radians(degrees))  # noqa: E731
    t = 1 - 0.17 * cos(h - 30) + 0.24 * cos(2 * h) + 0.32 * cos(3 * h + 6) - 0.20 * cos(4 * h - 63)
    sl = 1 + 0.015 * (light - 50) ** 2 / math.sqrt(20 + (light - 50) ** 2)
    sc, sh = 1 + 0.045 * c, 1 + 0.015 * c * t
    turn = 60 * math.exp(-(((h - 275) / 25) ** 2))
    rt = -2 * math.sqrt(c**7 / (c**7 + 25.0**7)) * math.sin(math.radians(turn))
    parts = (l2 - l1) / sl, (c2 - c1) / sc, big_dh / sh
    return math.sqrt(parts[0] ** 2 + parts[1] ** 2 + parts[2] ** 2 + rt * parts[1] * parts[2])


@pytest.mark.parametrize(
    ("one", "other", "printed"),
    [  # Sharma, Wu and Dalal (2005), Table 1, pairs 1, 7, 17 and 25.
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ],
)
def test_the_difference_of_colours_is_the_published_one(one, other, printed: float) -> None:
    assert round(ciede2000(np.array(one), np.array(other)), 4) == printed


@BOTH
@pytest.mark.parametrize("eyes", sorted(SEEN_BY))
def test_any_two_series_are_told_apart(theme: str, eyes: str) -> None:
    seen = [_lab(SEEN_BY[eyes] @ _linear(colour)) for colour in series(theme)]
    assert min(ciede2000(a, b) for a, b in itertools.combinations(seen, 2)) >= 10


def test_no_colour_stands_outside_of_the_tokens() -> None:
    rules = re.sub(r":root[^{]*\{[^}]*\}", "", CSS)
    loose = re.findall(r"#[0-9a-fA-F]{3,8}\b", rules)
    # Black, white and greys of the printed page only.
    assert set(loose) <= {"#fff", "#000", "#333", "#555", "#999"}
    assert re.search(r"@media print", CSS)


def test_motion_stops_where_it_is_not_wanted() -> None:
    outside = CSS.split("@media (prefers-reduced-motion: no-preference)")[0]
    assert "transition" not in outside and "animation" not in outside


def test_a_printed_page_is_light_whatever_the_screen_is() -> None:
    assert "@media screen and (prefers-color-scheme: dark)" in CSS
    assert CSS.index("@media print") > CSS.index(':root[data-theme="dark"]')
    assert re.search(r"@media print \{\s*:root, :root\[data-theme\] \{[^}]*--page: #fff;[^}]*--text: #000;", CSS)
