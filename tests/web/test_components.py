"""Tags, fields and states: what pages are made of, escaped, labelled and said in the same words everywhere."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory

from crdmo.foundation.refusals import Invalid
from crdmo.web import components, fields, states
from crdmo.web.icons import PATHS
from crdmo.web.styleguide import drawings, samples

ROOT = Path(components.__file__).parents[1]
BAD = '<img src=x onerror="alert(1)">'
KEY = UUID(int=7)


@dataclass
class Lot:
    code: str = "LOT-26-0001"
    pk: UUID = KEY

    def record_type(self) -> str:
        return "nowhere.lot"

    def __str__(self) -> str:
        return self.code


def draw(text: str, **contents) -> str:
    return Template(text).render(Context(contents))


# Numbers and times


def test_a_number_stays_as_it_was_recorded() -> None:
    assert components.number("99.80", "%") == '<span class="number">99.80<span class="unit">\u00a0%</span></span>'


def test_a_number_with_a_record_is_the_beginning_of_its_thread() -> None:
    assert f'href="/thread/{KEY}/" data-thread' in components.number("99.80", "%", Lot())


def test_a_missing_number_is_a_dash_and_zero_is_not_missing() -> None:
    assert components.number("") == components.number(None) == "–"
    assert "0" in components.number(0) and "0.00" in components.number("0.00")


@pytest.mark.parametrize(
    ("code", "shown"), [("Cel", "°C"), ("ug/mL", "µg/mL"), ("{tablet}", "tablet"), ("mg", "mg"), ("1", "")]
)
def test_units_are_written_as_people_write_them(code: str, shown: str) -> None:
    assert components.unit_words(code) == shown


def test_an_instant_is_written_in_utc_whatever_its_zone() -> None:
    at = dt.datetime(2026, 11, 22, 14, 5, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    assert ">22 Nov 2026 13:05 UTC<" in components.instant(at)
    assert components.instant(at.isoformat()) == components.instant(at)


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="an instant needs its zone; given: 2026-11-22T13:05:00"):
        components.instant(dt.datetime(2026, 11, 22, 13, 5))


def test_a_date_never_shifts() -> None:
    assert ">22 Nov 2026<" in components.day(dt.date(2026, 11, 22))
    assert ">01 Mar 2026<" in components.day("2026-03-01")


# States


def test_a_state_is_said_by_shape_word_and_tone() -> None:
    chip = components.chip("released")
    assert 'class="chip ok"' in chip and ">●</span>Released</span>" in chip


@pytest.mark.parametrize("state", sorted(states.LOOKS))
def test_every_state_has_a_shape_and_a_word(state: str) -> None:
    found = states.look(state)
    assert found.shape in {"●", "▲", "■", "◐", "○", "◇", "⟳", "✕", "pen", "lock"}
    assert found.word and "_" not in found.word


def test_one_tone_means_one_thing() -> None:
    shapes = {
        "ok": {"●", "pen"},
        "warn": {"▲"},
        "bad": {"■"},
        "info": {"◐"},
        "stale": {"⟳"},
        "": {"○", "◇", "✕", "lock"},
    }
    assert all(look.shape in shapes[look.tone] for look in states.LOOKS.values())


def test_no_state_stands_in_two_lists() -> None:
    lists = [states.GOOD, states.WATCH, states.WRONG, states.MOVING, states.COMING, states.OVER]
    every = [state for one in lists for state in one]
    assert len(every) == len(set(every))


def test_an_unknown_state_is_shown_as_it_is() -> None:
    assert "Half way there" in components.chip("half_way_there")


# What people typed cannot become markup


@pytest.mark.parametrize(
    "drawn",
    [
        components.chip(BAD),
        components.number(BAD, BAD),
        components.record_link(Lot(BAD)),
        components.digest(BAD),
        components.copy_button(BAD),
        draw("{% facts rows %}", rows=[(BAD, BAD)]),
        draw("{% crumbs bad '/' bad %}", bad=BAD),
        draw("{% empty bad bad '/' bad %}", bad=BAD),
        draw("{% tabs bad bad '/' %}", bad=BAD),
        draw("{% key_figures cards %}", cards=[{"label": BAD, "value": BAD}]),
        draw("{% progress 1 2 bad bad %}", bad=BAD),
        draw("{% reason_field '' given bad %}", given=f"Other: {BAD}", bad=BAD),
    ],
)
def test_nothing_typed_becomes_markup(drawn: str) -> None:
    assert "<img" not in drawn and "&lt;img" in drawn


# Icons


def test_every_icon_that_a_template_names_is_there() -> None:
    named = {name for page in ROOT.rglob("*.html") for name in re.findall(r'\{% icon "(\w+)"', page.read_text())}
    assert named and named <= set(PATHS)


@pytest.mark.parametrize("name", sorted(PATHS))
def test_every_icon_is_a_path_within_its_square(name: str) -> None:
    assert re.fullmatch(r"[MmLlHhVvCcSsAaZz0-9 .,-]+", PATHS[name])
    corners = re.findall(r"M(-?[\d.]+) (-?[\d.]+)", PATHS[name])
    assert corners and all(0 <= float(v) <= 16 for pair in corners for v in pair)


# Navigation


def test_the_last_crumb_is_here() -> None:
    drawn = draw("{% crumbs 'My desk' '/' 'Lots' '/CRD-101/lots/' 'LOT-26-0001' %}")
    assert drawn.count("<li>") == 2 and drawn.endswith('<li aria-current="page">LOT-26-0001</li>')


def test_the_open_tab_says_so() -> None:
    drawn = draw("{% tabs 'Data' 'Overview' '/a/' 'Data' '/b/' label='Lot' %}")
    assert '<nav aria-label="Lot">' in drawn
    assert '<a href="/b/" aria-current="page">Data</a>' in drawn and drawn.count("aria-current") == 1


def test_tabs_can_come_as_a_list_with_counts() -> None:
    drawn = draw(
        "{% tabs 'Open' rows %}", rows=[{"label": "Open", "url": "?s=open", "count": 3}, {"label": "All", "url": "?"}]
    )
    assert '<span class="count">3</span>' in drawn and drawn.count("<a ") == 2


# Fields


def test_a_field_is_labelled_described_and_marked_when_wrong() -> None:
    form = samples.form(filled=True)
    drawn = draw("{% field form.assay %}", form=form)
    assert '<label for="wrong_assay">Assay</label>' in drawn
    assert 'aria-describedby="wrong_assay_error wrong_assay_helptext"' in drawn and 'aria-invalid="true"' in drawn
    assert "Given: 1,500. It can be read as 1.500 or 1500. Write it with a point." in drawn
    assert '<span class="unit-box">% label claim</span>' in drawn


def test_what_may_be_left_out_says_so() -> None:
    assert '<span class="optional">(optional)</span>' in draw("{% field form.taken %}", form=samples.form())
    assert "optional" not in draw("{% field form.sample %}", form=samples.form())


def test_a_group_of_choices_has_one_name() -> None:
    drawn = draw("{% field form.condition %}", form=samples.form())
    assert 'role="group" aria-labelledby="form_condition_label"' in drawn


def test_no_number_is_typed_into_a_number_box() -> None:
    drawn = draw("{% fields form %}", form=samples.form())
    assert 'type="number"' not in drawn and 'inputmode="decimal"' in drawn


def test_the_summary_takes_the_focus_and_leads_to_each_field() -> None:
    drawn = draw("{% errors form %}", form=samples.form(filled=True))
    assert 'role="alert" tabindex="-1" id="errors" data-focus' in drawn and "There is a problem" in drawn
    assert '<a href="#wrong_sample">' in drawn


def test_a_refusal_says_given_allowed_and_what_to_do() -> None:
    refused = Invalid("this lot is void", given="void", allowed="quarantine", next="Open another lot")
    assert "This lot is void. Given: void. Allowed: quarantine. Open another lot." in draw(
        "{% errors refused=r %}", r=refused
    )


def test_nothing_wrong_draws_no_summary() -> None:
    assert draw("{% errors form %}", form=samples.form()).strip() == ""


class One(forms.Form):
    value = fields.MeasuredField(unit="mg", low="0.5", high="20", places=2, required=False)
    day = fields.DayField(required=False)
    reason = fields.ReasonField("quality.reading", required=False)


def cleaned(**given: str) -> dict:
    form = One(given)
    assert form.is_valid(), form.errors
    return form.cleaned_data


def refusal(field: str, **given: str) -> str:
    form = One(given)
    assert not form.is_valid()
    return form.errors[field][0]


@pytest.mark.parametrize(
    ("typed", "kept"), [("9.80", "9.80"), ("9,8", "9.8"), (" 1.5 ", "1.5"), ("1.50", "1.50"), ("20", "20"), ("", "")]
)
def test_a_measured_value_keeps_its_digits(typed: str, kept: str) -> None:
    assert cleaned(value=typed)["value"] == kept


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("1,500", "It can be read as 1.500 or 1500"),
        ("25", "Given: 25. Allowed: 0.5 to 20 mg, at most 2 decimals."),
        ("0.4", "Allowed: 0.5 to 20 mg"),
        ("1.234", "at most 2 decimals"),
        ("about 5", "This is no number"),
        ("1e400", "Allowed"),
    ],
)
def test_a_measured_value_that_cannot_be_taken_is_asked_back(typed: str, said: str) -> None:
    assert said in refusal("value", value=typed)


def test_what_is_allowed_is_said_before_typing() -> None:
    assert One().fields["value"].help_text == "0.5 to 20 mg, at most 2 decimals."


@pytest.mark.parametrize("typed", ["22 Nov 2026", "22-NOV-2026", "22 November 2026", "2026-11-22", "22nov2026"])
def test_a_date_is_read_where_it_can_be_read_in_one_way(typed: str) -> None:
    assert cleaned(day=typed)["day"] == dt.date(2026, 11, 22)


@pytest.mark.parametrize(
    "typed", ["11/12/26", "11/12/2026", "2026-13-01", "31 Feb 2026", "22 Foo 2026", "today", "12 2026"]
)
def test_a_date_that_can_be_read_in_two_ways_is_asked_back(typed: str) -> None:
    assert "22 Nov 2026 or 2026-11-22" in refusal("day", day=typed)


def test_a_date_is_written_back_in_words() -> None:
    assert 'value="22 Nov 2026"' in str(One(initial={"day": dt.date(2026, 11, 22)})["day"])


def test_a_reason_is_one_text() -> None:
    given = {"reason_0": "Transcription error", "reason_1": "digits exchanged"}
    assert cleaned(**given)["reason"] == "Transcription error: digits exchanged"
    assert cleaned(reason_0="Calculation corrected")["reason"] == "Calculation corrected"


def test_no_reason_is_chosen_beforehand() -> None:
    assert "selected" not in str(One()["reason"]).replace('value="" selected', "")


def test_another_reason_needs_words() -> None:
    assert "Say in a few words what happened" in refusal("reason", reason_0="Other")
    with pytest.raises(Invalid, match="a change needs its reason"):
        fields.reason_from({"reason_kind": "Other"})
    assert fields.reason_from({"reason_kind": "Other", "reason_text": " power cut "}) == "Other: power cut"


def test_a_reason_outside_of_the_list_is_refused() -> None:
    assert "valid choice" in refusal("reason", reason_0="Because")


def test_every_list_of_reasons_ends_with_other() -> None:
    assert all(reasons[-1] == fields.OTHER and len(set(reasons)) == len(reasons) for reasons in fields.REASONS.values())


# Figures


def test_a_figure_stands_with_its_sentence_its_data_and_its_result() -> None:
    drawn = draw("{% figure f reference='result 7' %}", f=drawings.stability())
    assert "<svg " in drawn and "reaches the limit at 26.2 months" in drawn and "result 7" in drawn
    assert '<th scope="col">Assay (% label claim)</th>' in drawn and "left out; left out: wrong flask" in drawn


# The whole


@pytest.mark.django_db
def test_the_style_guide_has_no_id_twice_and_one_first_heading() -> None:
    from crdmo.web import styleguide

    request = RequestFactory().get("/styleguide/")
    html = styleguide.show(request).content.decode()  # type: ignore[arg-type]
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert len(re.findall(r"<h1[ >]", html)) == 1
    for target in re.findall(r'(?:aria-labelledby|aria-describedby|for)="([^"]+)"', html):
        assert all(name in ids for name in target.split()), target
