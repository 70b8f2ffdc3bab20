"""What a reviewer of a lot's audit trail has to look at: the exceptions, not the thousand lines."""

from __future__ import annotations

import json
from typing import Any

from crdmo.common.materials.models import Lot
from crdmo.foundation.ledger.models import Entry

from .models import ControlResult, Reading, Result, Test


def _versions(keys: list[Any]) -> list[dict[str, Any]]:
    rows = Entry.objects.filter(record_id__in=keys).order_by("record_id", "version").values_list("seq", "body")
    return [json.loads(bytes(body)) for _, body in rows]


def exceptions_of(lot: Lot) -> list[dict[str, Any]]:
    """Return what is unusual in the data of a lot, each with its entry: corrections, failures, returns, retests, refusals."""
    tests = list(Test.objects.filter(sample__lot=lot, is_void=False).select_related("criterion", "sample"))
    names = {str(test.id): str(test) for test in tests}
    found = _corrections(tests) + _results(tests)
    sheets = set(Reading.objects.filter(test__in=tests, worksheet__isnull=False).values_list("worksheet_id", flat=True))
    for control in ControlResult.objects.filter(worksheet_id__in=sheets, passes=False).select_related("worksheet"):
        found.append(
            {
                "kind": "control failed",
                "text": f"{control}: {control.value} against {control.limit}",
                "entry": control.entry,
            }
        )
    for investigation in lot.investigations.filter(is_void=False):
        found.append(
            {
                "kind": "investigation",
                "text": f"{investigation.code}, {investigation.get_outcome_display().lower()}",
                "entry": investigation.entry,
            }
        )
    found += _refusals(lot, set(names) | {str(lot.id)})
    return sorted(found, key=lambda line: line["entry"])


def _corrections(tests: list[Test]) -> list[dict[str, Any]]:
    keys = list(Reading.objects.filter(test__in=tests).values_list("id", flat=True))
    found: list[dict[str, Any]] = []
    before: dict[str, dict[str, Any]] = {}
    for body in _versions(keys):
        old = before.get(body["record"])
        if old is not None and old["value"] != body["state"]["value"]:
            text = f"reading {old['value']} corrected to {body['state']['value']} by {body['name']}: {body['reason']}"
            found.append({"kind": "correction", "text": text, "entry": body["seq"]})
        before[body["record"]] = body["state"]
    return found


_VERDICTS = {True: "meets", False: "out of limit", None: "next stage"}


def _results(tests: list[Test]) -> list[dict[str, Any]]:
    results = list(
        Result.objects.filter(test__in=tests, is_void=False).select_related("test__criterion", "test__sample")
    )
    found = _reversals(results)
    for result in results:
        if result.passes is None:
            found.append({"kind": "further stage", "text": f"{result.test}: {result.verdict}", "entry": result.entry})
        if result.fails:
            found.append({"kind": "out of limit", "text": f"{result.test}: {result.verdict}", "entry": result.entry})
        if result.round > 0:
            found.append(
                {
                    "kind": "retest",
                    "text": f"{result.test}: retest {result.round}, {result.rounded}",
                    "entry": result.entry,
                }
            )
        if result.state == Result.State.RETURNED:
            found.append(
                {"kind": "returned", "text": f"{result.test} was returned to the analyst", "entry": result.entry}
            )
    return found


def _reversals(results: list[Result]) -> list[dict[str, Any]]:
    """Return the results whose verdict a correction or a new calculation turned round: nobody may overlook them."""
    by_key = {str(result.id): result for result in results}
    found: list[dict[str, Any]] = []
    before: dict[str, dict[str, Any]] = {}
    for body in _versions([result.id for result in results]):
        old, now = before.get(body["record"]), body["state"]
        if old is not None and old["passes"] != now["passes"]:
            words = f"{_VERDICTS[old['passes']]} before, {_VERDICTS[now['passes']]} now"
            text = f"{by_key[body['record']].test}: {old['rounded']} became {now['rounded']}, {words}, by {body['name']}: {body['reason']}"
            found.append({"kind": "verdict turned", "text": text, "entry": body["seq"]})
        before[body["record"]] = now
    return found


def _refusals(lot: Lot, keys: set[str]) -> list[dict[str, Any]]:
    rows = (
        Entry.objects.filter(record_type="ledger.refusal", stream=str(lot.program_id))
        .order_by("seq")
        .values_list("body", flat=True)
    )
    found = []
    for raw in rows:
        body = json.loads(bytes(raw))
        text = " ".join(str(v) for v in body["state"].values())
        if body["action"].startswith("quality.") and (lot.code in text or any(key in text for key in keys)):
            found.append(
                {
                    "kind": "refused step",
                    "text": f"{body['name']}: {body['state'].get('what', '')}",
                    "entry": body["seq"],
                }
            )
    return found
