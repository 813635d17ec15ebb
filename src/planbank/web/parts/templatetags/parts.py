"""All tags of the kit under one name: `{% load parts %}`.

Comes in: the libraries of marks, frames, tables and addresses. Goes out: one library with all their tags.
"""

from __future__ import annotations

from django import template

from planbank.web.parts import addresses, frames, marks, tables

register = template.Library()
for room in (marks, frames, tables, addresses):
    register.tags.update(room.register.tags)
    register.filters.update(room.register.filters)
