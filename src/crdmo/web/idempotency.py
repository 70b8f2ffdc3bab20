"""A request with an Idempotency-Key acts once: the same key with the same body gives the same answer again.

The answer is kept in the transaction of the act that it answers: a process that dies in between leaves neither, and a
repeated request that comes while the first is under way waits for it. Another body under the same key is refused (422).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from django.db import IntegrityError, OperationalError, transaction
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
    asked, body_hash = f"{request.method} {request.path}"[:300], _digest(request)
    with transaction.atomic():
        mine = _claimed(request, key, asked, body_hash)
        if mine is None:
            return _again(request, key, asked, body_hash)
        response = answer()
        if response.status_code < 400:
            mine.status, mine.body = response.status_code, response.content.decode()
            mine.save()
        else:
            # What was refused wrote nothing but its refusal, and may be tried again under the same key.
            mine.delete()
    return response


def _claimed(request: PageRequest, key: str, asked: str, body_hash: str) -> GivenAnswer | None:
    """Return the line of this key, or None where an earlier request has it. One that is under way is waited for."""
    try:
        with transaction.atomic():
            return GivenAnswer.objects.create(person=request.person, key=key, request=asked, body_hash=body_hash)
    except IntegrityError:
        return None
    except OperationalError as error:
        raise Refused(
            "the request with this key is still under way", next="Ask again in a moment with the same key"
        ) from error


def _digest(request: PageRequest) -> str:
    """Return a digest of what was sent. A form is read by its parts: the mark between them differs each time it is sent."""
    if request.content_type != "multipart/form-data":
        return hashlib.sha256(request.body).hexdigest()
    return hashlib.sha256(b"\0".join(_parts(request))).hexdigest()


def _parts(request: PageRequest) -> Iterator[bytes]:
    for name, values in sorted(request.POST.lists()):
        yield from (f"{name}={value}".encode() for value in values)
    for name, files in sorted(request.FILES.lists()):
        for file in files:
            yield f"{name}={getattr(file, 'name', '')}".encode()
            yield hashlib.sha256(b"".join(file.chunks())).digest()
            file.seek(0)


def _again(request: PageRequest, key: str, asked: str, body_hash: str) -> HttpResponse:
    found = GivenAnswer.objects.get(person=request.person, key=key)
    if found.request != asked or found.body_hash != body_hash:
        raise Invalid(
            "this idempotency key was used for another request", given=key, next="Use a new key for a new request"
        )
    response = HttpResponse(found.body, status=found.status, content_type="application/json")
    response["Idempotent-Replay"] = "true"
    return response
