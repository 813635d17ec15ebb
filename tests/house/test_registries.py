"""Everything that can be added is declared, denied by default, and documented in docs/reference."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, path

from planbank.access.actions import ACTIONS
from planbank.cli import app
from planbank.config import Settings
from planbank.house import House
from planbank.people.models import User
from planbank.pipeline.registry import SERVICES
from planbank.web.pages import API, PAGES, PUBLIC, page

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"
# Pages that need no sign-in; a line more here is a decision.
OPEN = {
    *("account_login", "account_inactive", "welcome"),
    # The second step of signing in, and the first by passkey.
    *("mfa_authenticate", "mfa_login_webauthn"),
    # Single sign-on, there and back; a password that was forgotten.
    *("openid_connect_login", "openid_connect_callback", "forgotten", "reset"),
    # A copy of an audit study, for whoever holds its link: it is of nobody (R107).
    "copy-link",
    *("set_language", "theme", "healthz", "robots"),
}


def documented() -> str:
    pages = sorted(REFERENCE.glob("*.md"))
    assert pages, "docs/reference holds no page"
    return "\n".join(p.read_text() for p in pages)


def undocumented(names: object) -> list[str]:
    """Names that stand nowhere in docs/reference as `name`."""
    text = documented()
    return [n for n in names if not re.search(rf"`(planbank )?{re.escape(str(n))}[` ]", text)]  # type: ignore[attr-defined]


def commands() -> list[str]:
    return sorted(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def views(*, of_site: bool = False) -> Iterator[URLPattern]:
    """Every address; `of_site` leaves the API out."""
    every: list[URLPattern | URLResolver] = list(get_resolver().url_patterns)
    todo = [route for route in every if not (of_site and is_api(route))]
    while todo:
        found = todo.pop()
        if isinstance(found, URLResolver):
            todo += found.url_patterns
        else:
            yield found


def test_every_service_is_documented() -> None:
    assert undocumented(spec.name for spec in SERVICES) == []


def test_every_action_is_documented() -> None:
    assert undocumented(ACTIONS) == []


def test_every_setting_is_documented() -> None:
    assert undocumented(f"PLANBANK_{name.upper()}" for name in Settings.model_fields) == []


def test_every_command_is_documented() -> None:
    assert undocumented(commands()) == []


def test_every_page_is_documented() -> None:
    list(views())
    assert undocumented(f"/{p.path}" for p in PAGES) == []


def test_every_address_is_declared_and_few_are_open() -> None:
    actions = {view.name: getattr(view.callback, "planbank_action", None) for view in views()}
    assert [name for name, action in actions.items() if action not in {*ACTIONS, PUBLIC, API}] == ["api-root"]
    assert {name for name, action in actions.items() if action == PUBLIC} <= OPEN
    assert [route for route in get_resolver().url_patterns if is_api(route)] != []


def is_api(route: URLPattern | URLResolver) -> bool:
    """Whether tokens and the policy decide about an address (tests/api walks those)."""
    return str(route.pattern).startswith("api/v1/")


def test_nothing_but_the_description_of_the_api_answers_without_a_token(bank: House) -> None:
    client = Client()
    client.force_login(User.objects.create_user("admin", name="Ada", is_site_admin=True))
    (routes,) = [route for route in get_resolver().url_patterns if is_api(route)]
    answers = {}
    for view in routes.url_patterns:  # type: ignore[union-attr]
        path = re.sub(r"<int:[a-z_]+>", "1", str(view.pattern))
        answers[path] = client.get(f"/api/v1/{path}").status_code
    open_ones = {path: status for path, status in answers.items() if status != 401}
    assert open_ones == {"openapi.json": 200, "": 404} and len(answers) > 10


def test_no_two_pages_share_a_name_or_an_address() -> None:
    list(views())
    assert len({p.name for p in PAGES}) == len({p.path for p in PAGES}) == len(PAGES)


def test_a_page_with_an_action_that_is_not_declared_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="not declared"):
        page("anything/", name="anything", action="anything")


def undeclared(request: HttpRequest) -> HttpResponse:
    return HttpResponse("secret")


urlpatterns = [path("undeclared/", undeclared), *get_resolver("planbank.web.urls").url_patterns]
handler404 = "planbank.web.errors.not_found"


@pytest.mark.urls(__name__)
def test_a_view_that_is_not_declared_does_not_exist(bank: House) -> None:
    """Deny by default, for nobody and for the system administrator alike."""
    client = Client()
    assert client.get("/undeclared/").status_code == 404
    admin = User.objects.create_user("admin", name="Ada", is_site_admin=True)
    client.force_login(admin)
    answer = client.get("/undeclared/")
    assert answer.status_code == 404
    assert b"secret" not in answer.content


def test_every_page_but_the_open_ones_wants_a_sign_in(bank: House) -> None:
    client = Client()
    tried = 0
    for view in views(of_site=True):
        route = re.sub(r"<int:[a-z_]+>", "1", str(view.pattern))
        if getattr(view.callback, "planbank_action", None) == PUBLIC or "<" in route:
            continue
        answer = client.get(f"/{route}")
        assert answer.status_code == 302, route
        assert answer.headers["Location"].startswith("/sign-in/"), route
        tried += 1
    assert tried > 5


def test_every_page_is_absent_for_a_mere_account_where_its_action_is_not_allowed(bank: House) -> None:
    """Somebody who works nowhere sees their account and overview; the rest seems not to be there."""
    client = Client()
    client.force_login(User.objects.create_user("new", name="New"))
    for view in views(of_site=True):
        action = getattr(view.callback, "planbank_action", None)
        route = re.sub(r"<int:[a-z_]+>", "1", str(view.pattern))
        if action in (None, PUBLIC) or ACTIONS[action].scope == "self" or "<" in route:
            continue
        assert client.get(f"/{route}").status_code == 404, route
        assert client.post(f"/{route}").status_code in (403, 404), route


def test_migrations_are_up_to_date(db: None) -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
