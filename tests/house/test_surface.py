"""The tables of access/surface name every door that is there, and no other (security.md, property 1).

A test that fails here names what to add, and where: one line.
"""

from __future__ import annotations

from collections.abc import Iterator
from pkgutil import iter_modules
from typing import Any

import typer.main
from django.test import Client
from django.urls import URLPattern
from procrastinate.contrib.django import app as queue

from planbank import services
from planbank.access.actions import ACTIONS
from planbank.access.surface import API, COMMANDS, DIMSE, JOBS, SITE, Door, Shows, Who
from planbank.access.surface.door import PUBLIC
from planbank.api import api
from planbank.cli import app
from planbank.gate.dimse import CommandField
from planbank.house import House
from planbank.people.models import User
from planbank.pipeline.registry import SERVICES
from tests.house.test_registries import views


def compare(there: set[str], declared: dict[str, Door], file: str) -> None:
    missing, gone = sorted(there - set(declared)), sorted(set(declared) - there)
    assert not missing, f"not declared, add a line to access/surface/{file}.py: {missing}"
    assert not gone, f"declared in access/surface/{file}.py, but not there: {gone}"


def commands(group: Any, before: str = "") -> Iterator[str]:
    """Every command, with the words of its group."""
    inside = getattr(group, "commands", None)
    if inside is None:
        yield before.strip()
        return
    for name, one in inside.items():
        yield from commands(one, f"{before} {name}")


def operations() -> set[str]:
    """Every operation of the API, as 'METHOD path'; its description too, which is Ninja's own."""
    paths = api.get_openapi_schema()["paths"]
    found = {f"{method.upper()} {path.removeprefix('/api/v1/')}" for path in paths for method in paths[path]}
    return {*found, "GET openapi.json"}


def site() -> dict[str, URLPattern]:
    return {str(view.name): view for view in views(of_site=True)}


def test_every_page_is_declared() -> None:
    compare(set(site()), SITE, "site")


def test_every_operation_of_the_api_is_declared() -> None:
    compare(operations(), API, "api")


def test_every_dimse_service_is_declared() -> None:
    compare({field.name for field in CommandField}, DIMSE, "dimse")


def test_every_command_is_declared() -> None:
    compare(set(commands(typer.main.get_command(app))), COMMANDS, "commands")


def test_every_job_is_declared() -> None:
    own = {name for name in queue.tasks if not name.startswith(("builtin:", "procrastinate."))}
    folders = {folder.name for folder in iter_modules(services.__path__) if folder.ispkg}
    compare({*folders, *(spec.name for spec in SERVICES), *own}, JOBS, "jobs")


def test_pages_and_table_agree_about_action_and_scope() -> None:
    for name, view in site().items():
        door = SITE[name]
        said = (view.callback.planbank_action, getattr(view.callback, "planbank_scope", ""))
        assert said == (door.action, door.scope), f"{name}: its page and access/surface/site.py differ"


def test_lines_are_whole() -> None:
    for name, door in {**SITE, **{f"API {k}": v for k, v in API.items()}, **JOBS}.items():
        assert door.action in {*ACTIONS, PUBLIC} or (door.who is Who.BANK and not door.action), name
    for name, door in SITE.items():
        numbers = str(site()[name].pattern).count("<")
        assert numbers == 0 or door.scope or door.of, f"{name}: `of=` says what the number is"
        asked = ACTIONS.get(door.action)
        if asked is not None and asked.scope == "data":
            assert door.shows in (Shows.COUNTS, Shows.VEILED, Shows.NAMED), f"{name}: rows of patients"
        if door.action == PUBLIC:
            assert door.shows is Shows.NOTHING, f"{name}: open to anybody"


def test_a_method_that_is_not_declared_is_not_answered(bank: House) -> None:
    client = Client()
    client.force_login(User.objects.create_user("admin", name="Ada", is_site_admin=True))
    for method in ("post", "put", "delete", "options"):
        answer = getattr(client, method)("/services/numbers/")
        assert (answer.status_code, answer["Allow"]) == (405, "GET"), method
    assert client.head("/services/").status_code == 200
    assert client.get("/theme/").status_code == 405


def test_a_page_without_its_line_does_not_exist(bank: House) -> None:
    client = Client()
    client.force_login(User.objects.create_user("admin", name="Ada", is_site_admin=True))
    assert client.get("/services/").status_code == 200
    kept = SITE.pop("services")
    try:
        assert client.get("/services/").status_code == 404
    finally:
        SITE["services"] = kept
