"""The tags that pages are made of. docs/design-system.md shows each with an example; /styleguide/ shows them drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.forms.widgets import MultiWidget
from django.template.base import NodeList, Parser, Token
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from crdmo.science.figures import Figure

from .. import components
from ..fields import REASONS
from ..tables import TablePage, heading

register = template.Library()

for piece in (
    components.icon,
    components.chip,
    components.verdict,
    components.number,
    components.thread_link,
    components.day,
    components.instant,
    components.record_link,
    components.person_link,
    components.digest,
    components.copy_button,
):
    register.simple_tag(piece, name=piece.__name__)


@register.simple_tag
def stale_mark(record: Any, stale: Any) -> SafeString | str:
    """Draw the stale mark if the record is among those that stand on data changed since."""
    return components.chip("stale") if record.pk in (stale or ()) else ""


@register.simple_tag
def crumbs(*parts: Any) -> SafeString:
    """Draw the breadcrumb: `{% crumbs "My desk" "/" "Lots" lots_url "LOT-26-0001" %}`; the last, alone, is here."""
    *before, here = parts if len(parts) % 2 else (*parts, "")
    pairs = zip(before[::2], before[1::2], strict=True)
    links = format_html_join("", '<li><a href="{}">{}</a></li>', ((url, word) for word, url in pairs))
    return format_html('{}<li aria-current="page">{}</li>', links, here) if here else links


@register.simple_tag
def facts(values: Mapping[str, Any] | Sequence[tuple[str, Any]]) -> SafeString:
    """Draw names and values as a definition list; empty values are written as a dash."""
    rows = values.items() if isinstance(values, Mapping) else values
    shown = ((name, "–" if value in (None, "") else value) for name, value in rows)
    return format_html('<dl class="facts">{}</dl>', format_html_join("", "<dt>{}</dt><dd>{}</dd>", shown))


@register.simple_tag
def tabs(here: str, *items: Any, label: str = "Parts of this page") -> SafeString:
    """Draw tabs, which are links; the open one is named first: `{% tabs "Data" "Overview" url1 "Data" url2 %}`.

    In place of words and addresses one list may stand: `[{"label", "url", "count"}]`.
    """
    pairs = zip(items[::2], items[1::2], strict=True) if len(items) > 1 else ()
    rows = [{"label": word, "url": url} for word, url in pairs] or items[0]
    inner = format_html_join("", "<li>{}</li>", ((_tab(row, row["label"] == here),) for row in rows))
    return format_html('<nav aria-label="{}"><ul class="tabs">{}</ul></nav>', label, inner)


def _tab(row: Mapping[str, Any], is_open: bool) -> SafeString:
    count = format_html(' <span class="count">{}</span>', row["count"]) if row.get("count") else ""
    here = SafeString(' aria-current="page"' if is_open else "")
    return format_html('<a href="{}"{}>{}{}</a>', row["url"], here, row["label"], count)


@register.inclusion_tag("web/components/key_figures.html")
def key_figures(cards: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Draw key figures: each `{"label", "value"}`, and where they apply `unit`, `url`, `tone` (bad, warn, stale)."""
    return {"cards": cards}


@register.inclusion_tag("web/components/field.html")
def field(bound: BoundField, unit: str = "") -> dict[str, Any]:
    """Draw a form's field: label, hint, error, control, unit."""
    described = [f"{bound.auto_id}_error"] if bound.errors else []
    described += [f"{bound.auto_id}_helptext"] if bound.help_text else []
    widget = bound.field.widget
    several = isinstance(widget, RadioSelect | CheckboxSelectMultiple | MultiWidget)
    if described and not several:
        widget.attrs["aria-describedby"] = " ".join(described)
    if bound.errors and not several:
        widget.attrs["aria-invalid"] = "true"
    return {
        "field": bound,
        "unit": unit or getattr(bound.field, "unit", ""),
        "checkbox": isinstance(widget, CheckboxInput),
        "several": several,
        "described": " ".join(described),
    }


@register.inclusion_tag("web/components/fields.html")
def fields(form: Any) -> dict[str, Any]:
    """Draw all visible fields of a form, and the hidden ones."""
    return {"form": form}


@register.inclusion_tag("web/components/errors.html")
def errors(form: Any = None, refused: Any = None) -> dict[str, Any]:
    """Draw the summary of what is wrong, which takes the focus."""
    return {"form": form, "refused": refused}


@register.inclusion_tag("web/components/reason.html")
def reason_field(record_type: str = "", given: str = "", error: str = "") -> dict[str, Any]:
    """Draw the reason of a change in a form written by hand; read it with `fields.reason_from(request.POST)`."""
    kind, _, text = given.partition(": ")
    return {"reasons": REASONS.get(record_type, REASONS[""]), "kind": kind, "text": text, "error": error}


@register.inclusion_tag("web/components/figure.html")
def figure(drawn: Figure, caption: str = "", reference: str = "", full: bool = False) -> dict[str, Any]:
    """Draw a figure of science with its data; `full` shows it at its own size, for graphs and plans."""
    # The SVG is made by crdmo.science.figures, which escapes every text that it is given.
    svg = mark_safe(drawn.svg)  # noqa: S308
    return {
        "figure": drawn,
        "svg": svg,
        "caption": caption,
        "reference": reference,
        "rows": drawn.table[1:],
        "full": full,
    }


@register.inclusion_tag("web/components/empty.html")
def empty(title: str, text: str, url: str = "", verb: str = "", help_url: str = "") -> dict[str, Any]:
    """Draw an empty place: what will be here, and what to do first."""
    return {"title": title, "text": text, "url": url, "verb": verb, "help_url": help_url}


@register.inclusion_tag("web/components/progress.html")
def progress(done: float, total: float = 100, label: str = "", text: str = "") -> dict[str, Any]:
    """Draw how much of something is done, as a bar and in words."""
    return {"done": done, "total": total, "label": label, "text": text or f"{done:g} of {total:g}"}


@register.inclusion_tag("web/components/job.html")
def job(
    url: str, state: Mapping[str, Any] | None = None, label: str = "Progress", stay: bool = False
) -> dict[str, Any]:
    """Draw the progress of a job; `url` gives its state as JSON, `state` is what is known now.

    At the end the page goes to the job's `url`, or is loaded anew; with `stay` it stays as it is.
    """
    return {"url": url, "state": state or {}, "label": label, "stay": stay}


@register.inclusion_tag("web/components/timeline.html")
def timeline(lines: Sequence[Mapping[str, Any]], link: bool = False) -> dict[str, Any]:
    """Draw ledger entries, newest first, as `pages.trails.line` gives them."""
    return {"lines": lines, "link": link}


@register.inclusion_tag("signing/manifest.html")
def signatures(manifestations: Sequence[Any]) -> dict[str, Any]:
    """Draw the signatures over a record, as `signing.signatures_of` gives them."""
    return {"signatures": manifestations}


@register.inclusion_tag("web/components/table.html", takes_context=True)
def table(context: dict[str, Any], page: TablePage) -> dict[str, Any]:
    """Draw one page of a table made by `web.tables.Table`."""
    return {"page": page, "request": context.get("request"), "csrf_token": context.get("csrf_token")}


@register.simple_tag(takes_context=True)
def sort_header(context: dict[str, Any], name: str, label: str, css: str = "") -> SafeString:
    """Draw the heading of a column that can be sorted, in a table written by hand: `?sort=NAME` or `?sort=-NAME`."""
    return heading(context["request"].GET, name, label, css=css)


class BatchNode(template.Node):
    """The bar that appears when rows are chosen."""

    def __init__(self, inner: NodeList) -> None:
        self.inner = inner

    def render(self, context: Any) -> str:
        """Draw the bar around its buttons."""
        said = '<span data-chosen role="status">Choose rows, then a step</span>'
        return f'<div class="batch" data-batch>{said}{self.inner.render(context)}</div>'


@register.tag
def batch(parser: Parser, token: Token) -> BatchNode:
    """Put the verbs for chosen rows into a bar: `{% batch %}<button …>Verify</button>{% endbatch %}`."""
    inner = parser.parse(("endbatch",))
    parser.delete_first_token()
    return BatchNode(inner)


@register.filter
def attribute(value: Any, name: str) -> Any:
    """Return a member of a mapping or an attribute of an object."""
    return value.get(name) if hasattr(value, "get") else getattr(value, name, None)


@register.filter
def unit(code: str) -> str:
    """Return a UCUM code as people write it: `{{ lot.unit|unit }}`."""
    return components.unit_words(code or "")
