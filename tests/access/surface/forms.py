"""Filling in a form as a person would: what stands in it stays, what is asked for is given.

Comes in: a page and the address it was got from. Goes out: the body that its form would send, so that
a door is tried with something that would succeed, and permission alone decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from html.parser import HTMLParser

WORDS = "because of a test"
TYPED = {
    "email": "test@example.org",
    "url": "https://example.org/",
    "number": "1",
    "password": "a long word here",
}


@dataclass
class Field:
    """One thing a form asks for; `options` are those of a choice, `chosen` the ones that stand."""

    kind: str
    value: str = ""
    required: bool = False
    options: list[str] = field(default_factory=list)
    chosen: list[str] = field(default_factory=list)


@dataclass
class Form:
    """One form of a page."""

    action: str
    method: str
    fields: dict[str, Field] = field(default_factory=dict)


class Forms(HTMLParser):
    """The forms of a page, in their order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self.inside: Form | None = None
        self.select: Field | None = None
        self.text: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = Form(given.get("action", ""), given.get("method", "get").lower())
            self.found.append(self.inside)
        elif tag == "option" and self.select is not None:
            self.select.options.append(given.get("value", ""))
            if "selected" in dict(attrs):
                self.select.chosen.append(given.get("value", ""))
        elif tag in ("input", "select", "textarea", "button") and self.inside and "disabled" not in given:
            self._take(tag, given)

    def _take(self, tag: str, given: dict[str, str]) -> None:
        assert self.inside is not None
        name, kind = given.get("name", ""), given.get("type", "text") if tag == "input" else tag
        if not name:
            return
        one = self.inside.fields.get(name)
        if one is None:
            value = given.get("value", "") if kind not in ("checkbox", "radio") else ""
            one = self.inside.fields[name] = Field(kind, value, "required" in given)
        one.required |= "required" in given
        if kind in ("checkbox", "radio"):
            one.options.append(given.get("value", "on"))
            if "checked" in given:
                one.chosen.append(given.get("value", "on"))
        self.select = one if tag == "select" else None
        self.text = name if tag == "textarea" else None

    def handle_data(self, data: str) -> None:
        if self.text and self.inside:
            self.inside.fields[self.text].value += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = None
        elif tag == "select":
            self.select = None
        elif tag == "textarea":
            self.text = None


def filled(page: str, path: str) -> dict[str, list[str]]:
    """The body of the page's own form (the one that is sent to where the page was got from); {} without."""
    for form in Forms(page).found:
        if form.method == "post" and form.action in ("", ".", path):
            body = {name: given(one) for name, one in form.fields.items()}
            return {name: values for name, values in body.items() if values}
    return {}


def given(one: Field) -> list[str]:
    """What a person gives for a field: what stands there, else the first choice, a word or a day."""
    offered = [option for option in one.options if option]
    if one.kind in ("checkbox", "radio", "select"):
        must = one.required or one.kind == "checkbox" or (one.kind == "radio" and not one.chosen)
        return one.chosen or (offered[:1] if must else [])
    if one.value.strip() or not one.required:
        return [one.value.strip()]
    if one.kind == "date":
        return [str(date(2026, 11, 17) + timedelta(days=60))]
    return [TYPED.get(one.kind, WORDS)]
