"""Every page is a folder here and declares itself: address, action, place in the menu.

Comes in: views decorated with `@page`. Goes out: `PAGES`, from which the addresses, the menu and
the deny-by-default test are made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise

from planbank.access.actions import ACTIONS
from planbank.access.scopes import Scope
from planbank.access.surface.door import PUBLIC
from planbank.web.parts.addresses import PREFIX

View = Callable[..., HttpResponse]
GROUPS = ("data", "research", "running")


@dataclass(frozen=True)
class Menu:
    """A line of the side bar; `count` gives the number at its right and whether somebody must act."""

    group: str
    title: str | Promise
    icon: str
    order: int
    count: Callable[[HttpRequest], tuple[int, bool] | None] | None = None


@dataclass(frozen=True)
class Page:
    """One address of the site and the action that opens it; `public` needs no sign-in.

    `scope`: the kind of scope the action is asked in, and the name of the address's number for it.
    """

    path: str
    name: str
    view: View
    action: str
    menu: Menu | None
    scope: str = ""


PAGES: list[Page] = []
# Addresses of the API: a token and the policy decide there (planbank.api).
API = "api"


def page(
    path: str, *, name: str, action: str, menu: Menu | None = None, scope: str = ""
) -> Callable[[View], View]:
    """Declare a view as a page. `action` is a line of access/actions.py, or 'public'.

    `scope="protocol"` asks the action in the protocol that `<int:protocol>` of the path names. The
    page exists once access/surface/site.py has its line, with the same action and scope.
    """
    if action != PUBLIC and action not in ACTIONS:
        raise ValueError(f"{name}: the action {action} is not declared in access/actions.py")
    if scope and f"<int:{scope.replace(' ', '_')}>" not in path:
        raise ValueError(f"{name}: the path has no number for the scope {scope}")

    def declare(view: View) -> View:
        view.planbank_action = action  # type: ignore[attr-defined]
        view.planbank_scope = scope  # type: ignore[attr-defined]
        PAGES.append(Page(path, name, view, action, menu, scope))
        return view

    return declare


def page_in(path: str, *, name: str, action: str) -> Callable[[View], View]:
    """Declare a view twice: as a page of a protocol, and as `project-<name>` of a project.

    The view is given the Scope in place of the number. Its templates and redirects lead on by `there`.
    """

    def declare(view: View) -> View:
        for kind in PREFIX:

            @wraps(view)
            def here(request: HttpRequest, *, kind: str = kind, **given: Any) -> HttpResponse:
                return view(request, Scope(kind, given.pop(kind)), **given)

            page(f"{kind}s/<int:{kind}>/{path}", name=PREFIX[kind] + name, action=action, scope=kind)(here)
        return view

    return declare


def discover() -> Iterable[Page]:
    """Import every page folder once; the order of addresses is the order of their paths."""
    for folder in iter_modules(__path__):
        import_module(f"{__name__}.{folder.name}.views")
    return sorted(PAGES, key=lambda p: ("<" in p.path, p.path))


def house_of(request: HttpRequest) -> Any:
    """The House of a request (set by middleware.HouseAndPolicy)."""
    return request.house  # type: ignore[attr-defined]
