"""The description of the API for people: every operation with its fields, from the same document, without anything from outside."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from crdmo.web.request import PageRequest

from . import api


def _type(schema: dict[str, Any]) -> str:
    """Return a type in words: text, whole number, date, a name of a described object, or several of them."""
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[1])
    if choices := schema.get("anyOf"):
        return " or ".join(dict.fromkeys(_type(choice) for choice in choices))
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    words = {
        "string": "text",
        "integer": "whole number",
        "boolean": "true or false",
        "null": "nothing",
        "object": "object",
    }
    return str(schema.get("format") or words.get(schema.get("type", ""), "any"))


def _fields(schema: dict[str, Any], known: dict[str, Any]) -> list[dict[str, Any]]:
    found = known.get(schema["$ref"].rsplit("/", 1)[1], {}) if "$ref" in schema else schema
    required = found.get("required", [])
    return [
        {"name": name, "type": _type(one), "required": name in required}
        for name, one in found.get("properties", {}).items()
    ]


def operations_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the operations of a description, in its order, with parameters, body and answers in plain terms."""
    known = document["components"]["schemas"]
    found = []
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            bodies = one.get("requestBody", {}).get("content", {})
            good = one["responses"].get("200") or one["responses"].get(200, {})
            found.append(
                {
                    "id": one["operationId"],
                    "tag": one["tags"][0],
                    "method": method.upper(),
                    "path": path,
                    "says": one.get("description") or one.get("summary"),
                    "parameters": [{**p, "type": _type(p["schema"])} for p in one.get("parameters", [])],
                    "body": [f for body in bodies.values() for f in _fields(body["schema"], known)],
                    "takes": ", ".join(bodies),
                    "gives": " or ".join(
                        _type(c.get("schema", {})) if k == "application/json" else k
                        for k, c in good.get("content", {}).items()
                    ),
                }
            )
    return found


def operations(request: PageRequest) -> HttpResponse:
    """Show every operation of the API."""
    document = api.get_openapi_schema()
    rows = sorted(operations_of(document), key=lambda one: one["tag"])
    groups = [
        {"name": tag.capitalize(), "operations": list(own)} for tag, own in groupby(rows, key=lambda one: one["tag"])
    ]
    objects = [
        {"name": name, "says": one.get("description", ""), "fields": _fields(one, {})}
        for name, one in sorted(document["components"]["schemas"].items())
    ]
    return render(
        request, "web/operations.html", {"groups": groups, "objects": objects, "version": document["info"]["version"]}
    )
