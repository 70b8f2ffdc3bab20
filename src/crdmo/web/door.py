"""The table of pages: for each address name who may open it, and with which methods. What is in no table is refused.

Each room exports `PAGES` from its `pages.py` or from the module its addresses are in:

    PAGES = {
        "quality:lots": Page("view"),                                        # everybody of the program
        "quality:receive": Page("quality.receive_sample", methods=FORM),     # who may do the verb
        "accounts:inbox": Page(PERSON),                                      # everybody who is logged in
    }

`crdmo.web.middleware.Door` reads it, finds the program named in the address, and sets what `request.PageRequest` lists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any, NamedTuple
from uuid import UUID

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.urls import URLResolver, get_resolver

from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.refusals import NotFound, NotPermitted

PUBLIC = "public"
PERSON = "person"
READ = frozenset({"GET", "HEAD"})
FORM = frozenset({"GET", "HEAD", "POST"})
POST = frozenset({"POST"})


@dataclass(frozen=True)
class Page:
    """One line of the table.

    Attributes:
        permission: a verb of the table of verbs, several (any of them opens the page), `PERSON` or `PUBLIC`.
        methods: the HTTP methods that the page answers.
        anywhere: the permission may be held in any program, for pages that belong to none.
        api: the page answers programs: problem+json, and tokens open it.
        background: polling; does not keep a log-in alive.
        temporary: open to a person who has not yet replaced a temporary password.
        csp: directives of the content security policy that this page needs relaxed, with their sources.
    """

    permission: str | tuple[str, ...]
    methods: frozenset[str] = READ
    anywhere: bool = False
    api: bool = False
    background: bool = False
    temporary: bool = False
    csp: Mapping[str, str] = field(default_factory=dict)

    @property
    def verbs(self) -> tuple[str, ...]:
        """The verbs of which one opens the page; none for public and personal pages."""
        given = (self.permission,) if isinstance(self.permission, str) else self.permission
        return () if self.permission in (PUBLIC, PERSON) else given


class Address(NamedTuple):
    """One address: its full name, `room:page` ("" where there is none), its pattern, and what stands in its places."""

    name: str
    route: str
    converters: dict[str, Any]


def addresses(resolver: URLResolver | None = None, outer: Address | None = None) -> Iterator[Address]:
    """Yield every address of the house."""
    above = outer or Address("", "", {})
    for found in (resolver or get_resolver()).url_patterns:
        route, converters = above.route + str(found.pattern), {**above.converters, **found.pattern.converters}
        if isinstance(found, URLResolver):
            room = f"{above.name}{found.namespace}:" if found.namespace else above.name
            yield from addresses(found, Address(room, route, converters))
        else:
            yield Address(f"{above.name}{found.name}" if found.name else "", route, converters)


def _modules() -> Iterator[ModuleType]:
    """Yield the modules in which a table of pages may be: those of addresses, and `pages` of every room."""
    resolvers: list[URLResolver] = [get_resolver()]
    while resolvers:
        found = resolvers.pop()
        if isinstance(found.urlconf_module, ModuleType):
            yield found.urlconf_module
        resolvers += [inner for inner in found.url_patterns if isinstance(inner, URLResolver)]
    rooms = [f"{config.name}.pages" for config in apps.get_app_configs() if config.name.startswith("crdmo.")]
    for name in [*rooms, "crdmo.api"]:
        if find_spec(name) is not None:
            yield import_module(name)


@cache
def nav() -> dict[str, list[tuple[str, str]]]:
    """Return what rooms list in `NAV`: {service: [(address name, label)]}, the lines below an open service."""
    gathered: dict[str, list[tuple[str, str]]] = {}
    for module in {module.__name__: module for module in _modules()}.values():
        for key, rows in getattr(module, "NAV", {}).items():
            gathered.setdefault(key, [row for row in rows])
    return gathered


@cache
def table() -> dict[str, Page]:
    """Return the whole table, gathered once.

    Raises:
        ImproperlyConfigured: two rooms list the same address differently, or a page asks for an unknown verb.
    """
    gathered: dict[str, Page] = {}
    for module in {module.__name__: module for module in _modules()}.values():
        for name, page in getattr(module, "PAGES", {}).items():
            if gathered.setdefault(name, page) != page:
                raise ImproperlyConfigured(f"two rooms list the address {name}; the second is {module.__name__}")
            if unknown := [verb for verb in page.verbs if verb not in authority.TABLE]:
                raise ImproperlyConfigured(f"the page {name} asks for {unknown[0]}, which is no verb of the table")
    return gathered


def opens(name: str, roles: Mapping[str, str]) -> bool:
    """Say whether one of the roles opens a page, for showing or hiding a link to it. Asks no database."""
    page = table()[name]
    wanted = {role.value for verb in page.verbs for role in authority.TABLE[verb].roles}
    return not page.verbs or not wanted.isdisjoint(roles)


def find_program(person: Person, code: str) -> Program:
    """Return a program that the person may see.

    Raises:
        NotFound: there is none; another sponsor's program and one that does not exist answer exactly the same.
    """
    found = authority.programs_of(person).select_related("organization", "partner").filter(code=code).first()
    if found is None:
        raise NotFound("there is nothing at this address")
    return found


def role_for(page: Page, person: Person, program: Program | None, held: dict[str, str]) -> str:
    """Return the role in which the person opens the page; `held` are the roles in the program or own organization.

    Raises:
        NotPermitted: no role opens it; says which would.
    """
    if not page.verbs:
        return ""
    refusals: list[NotPermitted] = []
    for verb in page.verbs:
        for number, (key, organization) in enumerate(_places(page, person, program)):
            try:
                return authority.role_for(person, verb, key, organization, held=None if number else held)
            except NotPermitted as refused:
                refusals.append(refused)
    raise refusals[0]


def _places(page: Page, person: Person, program: Program | None) -> Iterator[tuple[UUID | None, UUID | None]]:
    """Yield where the permission may be held: the program of the address, else the own organization, else anywhere."""
    if program is not None:
        yield program.pk, program.organization_id
        return
    yield None, person.organization_id
    if page.anywhere:
        for found in authority.programs_of(person):
            yield found.pk, found.organization_id
