"""Addresses of pages that a protocol and a project both have: part of `{% load parts %}`.

Comes in: the scope a page is in, the name of another page, the numbers after it. Goes out: its address there.
"""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse

from planbank.access.scopes import Scope

PREFIX = {"protocol": "", "project": "project-"}
"""Kind of scope -> what the names of its pages begin with."""

register = template.Library()


def there(where: Scope, name: str, *numbers: int) -> str:
    """The address of the page `name` in a protocol or project."""
    return reverse(PREFIX[where.kind] + name, args=[where.id, *numbers])


@register.simple_tag(takes_context=True, name="there")
def _there(context: template.Context, name: str, *numbers: Any) -> str:
    """The same, in the scope that the context calls `where`."""
    return there(context["where"], name, *numbers)
