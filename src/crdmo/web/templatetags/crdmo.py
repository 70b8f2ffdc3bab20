"""The tags that pages are made of. docs/design-system.md shows each with an example."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from crdmo.science.figures import Figure

from ..icons import PATHS
from ..links import record_url
from ..states import look

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon; it is hidden from screen readers, so a word stands beside it."""
    path = PATHS.get(name, PATHS["file"])
    return format_html('<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="{}"/></svg>', path)


@register.simple_tag
def chip(state: Any, word: str = "") -> SafeString:
    """Draw a state: shape, word and colour say the same."""
    tone, shape, known = look(str(state))
    return format_html('<span class="chip {}"><span class="shape" aria-hidden="true">{}</span>{}</span>', tone, shape, word or known)


@register.simple_tag
def verdict(passes: bool | None) -> SafeString:
    """Draw whether a result meets its limit."""
    return chip("pending") if passes is None else chip("passes" if passes else "fails", "Meets" if passes else "Out of limit")


@register.simple_tag
def stale_mark(record: Any, stale: Any) -> SafeString | str:
    """Draw the stale mark if the record is among those that stand on data changed since."""
    return chip("stale") if record.pk in (stale or ()) else ""


@register.simple_tag
def number(value: Any, unit: str = "", record: Any = None) -> SafeString:
    """Write a number exactly as recorded, with its unit, as the beginning of its thread where a record is given."""
    text = format_html('<span class="number">{}</span>{}', value, f" {unit}" if unit else "")
    if record is None:
        return text
    return format_html('<a href="/thread/{}/" data-thread title="Where this number comes from">{}</a>', record.pk, text)


@register.simple_tag
def thread_link(record: Any, word: str = "Thread") -> SafeString:
    """Write the link that opens where a record comes from and what depends on it."""
    return format_html('<a href="/thread/{}/" data-thread>{} {}</a>', record.pk, icon("thread"), word)


@register.simple_tag
def instant(value: dt.datetime | str | None) -> SafeString | str:
    """Write an instant in UTC; the browser shows the local time on focus and hover."""
    if not value:
        return "–"
    if isinstance(value, str):
        value = dt.datetime.fromisoformat(value)
    at = value.astimezone(dt.UTC)
    return format_html('<time datetime="{}" class="nowrap tabular">{} UTC</time>', at.isoformat(), f"{at:%d %b %Y %H:%M}")


@register.simple_tag
def day(value: dt.date | None) -> SafeString | str:
    """Write a date as 22 Nov 2026."""
    return format_html('<time datetime="{}" class="nowrap tabular">{}</time>', value.isoformat(), f"{value:%d %b %Y}") if value else "–"


@register.simple_tag
def record_link(record: Any, word: str = "") -> SafeString:
    """Write a record as a link to its page, where it has one."""
    url, label = record_url(record), word or str(record)
    return format_html('<a class="id" href="{}">{}</a>', url, label) if url else format_html('<span class="id">{}</span>', label)


@register.inclusion_tag("web/components/field.html")
def field(bound: BoundField, unit: str = "") -> dict[str, Any]:
    """Draw a form's field: label, hint, error, control, unit."""
    described = [f"{bound.auto_id}_error"] if bound.errors else []
    described += [f"{bound.auto_id}_helptext"] if bound.help_text else []
    if described:
        bound.field.widget.attrs["aria-describedby"] = " ".join(described)
    return {"field": bound, "unit": unit or getattr(bound.field, "unit", ""), "checkbox": isinstance(bound.field.widget, CheckboxInput)}


@register.inclusion_tag("web/components/errors.html")
def errors(form: Any = None, refused: Any = None) -> dict[str, Any]:
    """Draw the summary of what is wrong, which takes the focus."""
    return {"form": form, "refused": refused}


@register.inclusion_tag("web/components/figure.html")
def figure(drawn: Figure, caption: str = "", reference: str = "") -> dict[str, Any]:
    """Draw a figure of science with its data."""
    # The SVG is made by crdmo.science.figures, which escapes every text that it is given.
    return {"figure": drawn, "svg": mark_safe(drawn.svg), "caption": caption, "reference": reference, "rows": drawn.table[1:]}  # noqa: S308


@register.inclusion_tag("web/components/empty.html")
def empty(title: str, text: str, url: str = "", verb: str = "") -> dict[str, Any]:
    """Draw an empty place: what will be here, and what to do first."""
    return {"title": title, "text": text, "url": url, "verb": verb}


@register.filter
def attribute(value: Any, name: str) -> Any:
    """Return a member of a mapping or an attribute of an object."""
    return value.get(name) if hasattr(value, "get") else getattr(value, name, None)
