"""The description of the API (OpenAPI 3.1), completed with what is the same for every operation.

Answers of the door (no token, no role, no such program) come before any route, so no route can describe them itself.
"""

from __future__ import annotations

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from crdmo.foundation.datasets.tables.writers import MEDIA_TYPES

PROBLEMS = {
    "400": "The request cannot be read.",
    "401": "No token, or a log-in that has ended.",
    "403": "The token reaches not so far, or no role of its person opens this.",
    "404": "Nothing is here, or it belongs to a program that is not open to the person. Both answer alike.",
    "405": "The address takes other methods; `Allow` names them.",
    "409": "A rule forbids the step in the present state, or the record was changed meanwhile.",
    "412": "The record has a newer version; `current` names it.",
    "422": "Some values cannot be taken; `errors` names each place. Nothing was written.",
}
READS, WRITES = ("400", "401", "403", "404", "405", "422"), ("400", "401", "403", "404", "405", "409", "412", "422")
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "Address of the explanation."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "what": {"type": "string"},
        "given": {"type": "string"},
        "allowed": {"type": "string"},
        "next": {"type": "string"},
        "current": {"type": "integer", "description": "The version that stands now (412)."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
ONCE = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": 128},
    "description": "The same key with the same body acts once and gets the same answer again.",
}
MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "The ETag of the version that was read; a newer one answers 412.",
}


def _problem(text: str) -> dict[str, Any]:
    return {
        "description": text,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def completed(schema: OpenAPISchema) -> OpenAPISchema:
    """Add to every operation who may ask, what may be refused, and the headers that it reads and gives."""
    components = schema["components"]
    components["schemas"]["Problem"] = PROBLEM
    components["responses"] = {f"Problem{status}": _problem(text) for status, text in PROBLEMS.items()}
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "A token of a person. It never signs."}
    }
    schema["security"] = [{"bearer": []}]
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            _complete(path, method, operation)
    return schema


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    answers, parameters = operation["responses"], operation.setdefault("parameters", [])
    for status in WRITES if method == "post" else READS:
        answers[status] = {"$ref": f"#/components/responses/Problem{status}"}
    if method == "post":
        parameters.append(ONCE)
    if path.endswith("/correct"):
        parameters.append(MATCH)
    good = answers.get("200") or answers.get(200)
    if any(parameter["name"] == "format" for parameter in parameters):
        for kind in ("csv", "parquet"):
            media = MEDIA_TYPES[kind].partition(";")[0]
            good["content"][media] = {"schema": {"type": "string", "format": "binary"}}
        page = good["content"]["application/json"]["schema"]
        good["content"]["application/json"]["schema"] = {
            "anyOf": [page, {"type": "array", "items": {"type": "object"}}]
        }
    if path.endswith(".{kind}"):
        good["content"] = {
            "application/pdf": {"schema": {"type": "string", "format": "binary"}},
            "application/json": {"schema": {}},
        }


class Described(NinjaAPI):
    """The API with its description completed."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """Return the description."""
        return completed(super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params))
