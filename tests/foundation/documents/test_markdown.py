"""The Markdown of a procedure becomes blocks; nothing in it can run or fetch."""

from __future__ import annotations

from crdmo.foundation.documents import markdown, pdf
from tests.foundation.documents import reading

SOP = """# Purpose

Weigh **exactly** 100 mg of `CRD-101`,
*slowly*.

## Steps

1. Tare.
2. Weigh:
   - once
   - twice

| Step | Limit |
|:-----|------:|
| tare | 0.1 mg |
| weigh | 1 % |

> Record at once.

```
unit: g
```

---
See [the standard](https://example.org/std).
"""


def test_each_kind_of_block_is_read() -> None:
    assert [b["kind"] for b in markdown.blocks(SOP)] == [
        "heading",
        "spans",
        "heading",
        "list",
        "table",
        "quote",
        "code",
        "rule",
        "spans",
    ]


def test_emphasis_and_code_are_kept() -> None:
    (paragraph,) = markdown.blocks("Weigh **exactly** 100 mg of `X`, *slowly*.")
    assert paragraph["parts"] == [
        {"text": "Weigh "},
        {"text": "exactly", "strong": True},
        {"text": " 100 mg of "},
        {"text": "X", "code": True},
        {"text": ", "},
        {"text": "slowly", "emph": True},
        {"text": "."},
    ]


def test_lists_lie_in_lists() -> None:
    (outer,) = markdown.blocks("3. Tare.\n4. Weigh:\n   - once\n   - twice\n")
    assert (outer["ordered"], outer["start"], len(outer["items"])) == (True, 3, 2)
    assert outer["items"][1][1]["ordered"] is False
    assert len(outer["items"][1][1]["items"]) == 2


def test_tables_keep_their_alignment() -> None:
    (table,) = markdown.blocks("| a | b | c |\n|:--|--:|:-:|\n| 1 | 2 | 3 |\n| 4 | 5 | 6 |\n")
    assert [c["align"] for c in table["columns"]] == ["left", "right", "center"]
    assert table["rows"] == [["1", "2", "3"], ["4", "5", "6"]]


def test_html_stays_text() -> None:
    (paragraph,) = markdown.blocks("a <b onclick=x>b</b>")
    assert "".join(p["text"] for p in paragraph["parts"]) == "a <b onclick=x>b</b>"


def test_a_script_address_makes_no_link() -> None:
    found = markdown.blocks("[x](javascript:alert(1)) [y](file:///etc/passwd) [z](https://example.org)")
    assert [p.get("link") for p in found[0]["parts"] if p["text"].strip()][-1] == "https://example.org"
    assert sum("link" in p for p in found[0]["parts"]) == 1


def test_a_picture_is_not_fetched() -> None:
    (paragraph,) = markdown.blocks("![balance](https://example.org/x.png)")
    assert paragraph["parts"] == [{"text": "[balance]"}]


def test_a_procedure_prints_whole() -> None:
    made = pdf.render(
        "document", {"title": "Weighing", "kind": "SOP", "facts": [], "blocks": markdown.blocks(SOP), "signatures": []}
    )
    text = reading.text(made)
    for said in ("exactly", "CRD-101", "twice", "0.1 mg", "Record at once.", "unit: g", "the standard"):
        assert said in text
    assert [title.split(" ")[-1] for title in reading.bookmarks(made)] == ["Purpose", "Steps", "Signatures"]
