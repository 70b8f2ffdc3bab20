"""A request with an Idempotency-Key acts once: the same key with the same body gives the same answer again.

Another body under the same key is refused (422); one that is still under way answers 409.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.http import HttpResponse

from crdmo.foundation.refusals import Invalid, Refused

from .models import GivenAnswer
from .request import PageRequest

LONGEST = 128
WRITES = frozenset({"POST", "PATCH", "PUT"})


def once(request: PageRequest, answer: Callable[[], HttpResponse]) -> HttpResponse:
    """Answer a request of a program, at most once for each key of its person."""
    key = request.headers.get("Idempotency-Key", "")
    if not key or request.method not in WRITES or not request.page.api:
        return answer()
    if len(key) > LONGEST:
        raise Invalid("an idempotency key is short", given=f"{len(key)} characters", allowed=f"at most {LONGEST}")
    body_hash = hashlib.sha256(request.body).hexdigest()
    asked = f"{request.method} {request.path}"
    try:
        with transaction.atomic():
            mine = GivenAnswer.objects.create(person=request.person, key=key, request=asked[:300], body_hash=body_hash)
    except IntegrityError:
        return _again(request, key, asked, body_hash)
    try:
        response = answer()
    except BaseException:
        # What was refused or failed wrote nothing, and may be tried again under the same key.
        mine.delete()
        raise
    if response.status_code < 400:
        mine.status, mine.body = response.status_code, response.content.decode()
        mine.save()
    else:
        mine.delete()
    return response


def _again(request: PageRequest, key: str, asked: str, body_hash: str) -> HttpResponse:
    found = GivenAnswer.objects.get(person=request.person, key=key)
    if found.request != asked[:300] or found.body_hash != body_hash:
        raise Invalid("this idempotency key was used for another request", given=key, next="Use a new key for a new request")
    if not found.status:
        raise Refused("the request with this key is still under way", next="Ask again in a moment with the same key")
    response = HttpResponse(found.body, status=found.status, content_type="application/json")
    response["Idempotent-Replay"] = "true"
    return response


