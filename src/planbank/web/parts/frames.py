"""Frames round markup: part of `{% load parts %}`.

Comes in: the words between the tags. Goes out: the same inside parts/NAME.html, or nothing at all if
there is nothing between them, so that an empty block leaves no empty box behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template
from django.template.base import token_kwargs
from django.template.engine import Engine
from django.utils.html import format_html

if TYPE_CHECKING:
    from django.forms import BaseForm, BoundField
    from django.template.base import FilterExpression, NodeList, Parser, Token
    from django.utils.safestring import SafeString

register = template.Library()

FRAMES = ("aside", "actions", "badges", "card", "crumbs", "facts", "heading", "note", "stats", "table")


class FrameNode(template.Node):
    """Renders its inner part first and the frame only round something."""

    def __init__(self, name: str, values: dict[str, FilterExpression], nodelist: NodeList) -> None:
        self.name = name
        self.values = values
        self.nodelist = nodelist

    def render(self, context: template.Context) -> str:
        body = self.nodelist.render(context)
        if not body.strip():
            return ""
        values: dict[str, Any] = {key: value.resolve(context) for key, value in self.values.items()}
        frame = Engine.get_default().get_template(f"parts/frames/{self.name}.html")
        with context.push(**{**FRAME_DEFAULTS, **values, "body": body}):
            return frame.render(context)


# A frame inside a frame must not inherit the outer one's words.
FRAME_DEFAULTS = dict.fromkeys(
    ("title", "sub", "link", "link_url", "end", "foot", "flush", "icon_name", "label", "cls", "state", "id"),
    "",
)


@register.tag
def frame(parser: Parser, token: Token) -> FrameNode:
    """`{% frame "card" title=_("Findings") %}...{% endframe %}`."""
    _tag, *bits = token.split_contents()
    if not bits or bits[0].strip("\"'") not in FRAMES:
        raise template.TemplateSyntaxError(f"frame takes one of {', '.join(FRAMES)} as its first word")
    values = token_kwargs(bits[1:], parser)
    nodelist = parser.parse(("endframe",))
    parser.delete_first_token()
    return FrameNode(bits[0].strip("\"'"), values, nodelist)


@register.simple_tag
def crumb(label: str, url: str = "") -> SafeString:
    """One step of the breadcrumb; the last one has no address."""
    if url:
        return format_html('<li><a href="{}">{}</a></li>', url, label)
    return format_html('<li><span aria-current="page">{}</span></li>', label)


@register.inclusion_tag("parts/field.html")
def field(bound: BoundField, cls: str = "", optional: bool = False) -> dict[str, Any]:
    """One field of a form: label, box, what is wrong, help."""
    kind = getattr(bound.field.widget, "input_type", "")
    return {
        "field": bound,
        "cls": cls,
        "optional": optional,
        "check": kind == "checkbox" and not hasattr(bound.field.widget, "choices"),
        "grouped": bound.field.widget.use_fieldset,
    }


@register.inclusion_tag("parts/error_summary.html")
def error_summary(form: BaseForm) -> dict[str, Any]:
    """What a form says first when it was not saved, with a link to each field."""
    wrong = [(bound, bound.errors[0]) for bound in form if bound.errors]
    return {"form": form, "wrong": wrong, "general": form.non_field_errors(), "count": len(wrong)}


@register.simple_tag
def stat(
    label: str, value: object, unit: str = "", note: str = "", url: str = "", state: str = ""
) -> SafeString:
    """One number of the stat row: label, number, unit, one line that explains or compares."""
    number = format_html("<b>{}</b>", value)
    if url:
        number = format_html('<a href="{}">{}</a>', url, number)
    after = format_html(" {}", unit) if unit else ""
    line = format_html('<dd class="{}">{}</dd>', f"{state}-text" if state else "", note) if note else ""
    return format_html(
        '<div class="stat"><dt>{}</dt><dd class="value">{}{}</dd>{}</div>', label, number, after, line
    )
