"""What programs see: one REST API over the same workflow functions as the pages, described by OpenAPI."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja.errors import HttpError, ValidationError

from crdmo import __version__
from crdmo.common.engagements.api import router as contracts
from crdmo.common.exchange.api import router as exchange
from crdmo.common.materials.api import router as materials
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.services.clinical.api import router as clinical
from crdmo.services.compliance.api import router as compliance
from crdmo.services.discovery.api import router as discovery
from crdmo.services.manufacturing.api import router as manufacturing
from crdmo.services.preclinical.api import router as preclinical
from crdmo.services.process.api import router as process
from crdmo.services.quality.api import router as quality
from crdmo.services.regulatory.api import router as regulatory
from crdmo.web import errors
from crdmo.web.door import PERSON, POST, Page

from .description import Described
from .records import router as records

api = Described(
    title="OpenCRDMO",
    version=__version__,
    urls_namespace="api",
    docs_url=None,
    openapi_url="openapi.json",
    description="The same verbs as the pages. A token acts as its person and never signs. Errors are problem+json (RFC 9457).",
)
api.add_router("", records, tags=["records"])
api.add_router("/programs/{program}", materials, tags=["materials"])
api.add_router("/programs/{program}/contracts", contracts, tags=["contracts"])
api.add_router("/programs/{program}/clinical", clinical, tags=["clinical"])
api.add_router("/programs/{program}/compliance", compliance, tags=["compliance"])
api.add_router("/programs/{program}/discovery", discovery, tags=["discovery"])
api.add_router("/programs/{program}/files", exchange, tags=["files"])
api.add_router("/programs/{program}/manufacturing", manufacturing, tags=["manufacturing"])
api.add_router("/programs/{program}/preclinical", preclinical, tags=["preclinical"])
api.add_router("/programs/{program}/process", process, tags=["process"])
api.add_router("/programs/{program}/quality", quality, tags=["quality"])
api.add_router("/programs/{program}/regulatory", regulatory, tags=["regulatory"])
READ = frozenset({"GET"})


@api.exception_handler(Refused)
def refused(request: HttpRequest, error: Refused) -> HttpResponse:
    """Answer a refusal of the workflow."""
    return errors.refused(request, error)


@api.exception_handler(Http404)
def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    """Answer what is not there as the door does."""
    return errors.not_found(request)


@api.exception_handler(HttpError)
def unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Answer a body that is no JSON, and whatever else cannot be read at all."""
    return errors.say(
        request,
        "not-valid",
        error.status_code,
        Invalid(str(error), next="See /api/v1/openapi.json for what the address takes"),
    )


@api.exception_handler(ValidationError)
def not_valid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Answer a request that does not fit the description, with the place of each error."""
    found = [
        {"pointer": "/" + "/".join(map(str, e["loc"][1:])), "detail": e["msg"], "given": str(e.get("input", ""))[:80]}
        for e in error.errors
    ]
    body = {
        "type": "/docs/problems/#not-valid",
        "title": errors.TITLES["not-valid"],
        "status": 422,
        "detail": "; ".join(f"{e['pointer']}: {e['detail']}" for e in found),
        "errors": found,
    }
    return HttpResponse(json.dumps(body), status=422, content_type="application/problem+json")


def _pages() -> dict[str, Page]:
    """Return the table of pages for every operation; `verb` of an operation says who may use it."""
    found: dict[str, Page] = {
        "api:api-root": Page(PERSON, api=True),
        "api:openapi-json": Page(PERSON, READ, api=True),
        "api_operations": Page(PERSON),
    }
    for _, router in api._routers:
        for view in router.path_operations.values():
            for operation in view.operations:
                name = f"api:{operation.url_name or operation.view_func.__name__}"
                permission = getattr(operation.view_func, "permission", PERSON)
                methods = found[name].methods if name in found else frozenset()
                own = (
                    READ
                    if "GET" in operation.methods
                    else POST
                    if "POST" in operation.methods
                    else frozenset(operation.methods)
                )
                found[name] = Page(permission, frozenset(methods | own), api=True)
    return found


PAGES: dict[str, Any] = _pages()
