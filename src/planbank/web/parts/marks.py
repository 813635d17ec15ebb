"""The tags that pages are written with: part of `{% load parts %}`.

Comes in: plain values. Goes out: escaped markup of the kit; README.md beside has a line for each.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from planbank.web.parts import words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

register = template.Library()

# The icon that stands for a state. "Cannot tell" is info, never ok and never warn.
STATES = {"ok": "check", "warn": "triangle", "bad": "cross", "info": "info", "idle": "clock"}


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """One icon of the sprite; decoration unless it is given a label."""
    href = f"{static('img/icons.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}"></use></svg>', label, href
        )
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}"></use></svg>', href)


@register.simple_tag
def state_icon(state: str) -> SafeString:
    """The icon of a state: ok, warn, bad, info, idle."""
    return icon(STATES.get(state, "dot"))


@register.simple_tag
def badge(state: str, text: str, icon_name: str = "") -> SafeString:
    """The state of a whole thing: icon, word, ground and edge."""
    return format_html(
        '<span class="badge {}">{}{}</span>', state, icon(icon_name or STATES.get(state, "dot")), text
    )


@register.simple_tag
def word(state: str, text: str, icon_name: str = "") -> SafeString:
    """A state inside a table: icon and word without ground."""
    sign = icon(icon_name or STATES.get(state, "dot"))
    return format_html('<span class="word {}-text">{}{}</span>', state, sign, text)


@register.simple_tag
def tag(text: str) -> SafeString:
    """A kind, not a state: plain outlined."""
    return format_html('<span class="tag">{}</span>', text)


@register.simple_tag
def mono(value: Any, plain: bool = False, pattern: bool = False) -> SafeString:
    """Something that came from outside, unchanged: always escaped, kept apart from the text's direction.

    `plain` leaves the ground out (pseudonyms, addresses); `pattern` marks `*` and `?`.
    """
    text: str = escape("".join(_seen(letter) for letter in str(value)))
    if pattern:
        for wild in "*?":
            text = text.replace(wild, f'<span class="wild">{wild}</span>')
    frame = '<span class="mono"><bdi>{}</bdi></span>' if plain else "<code><bdi>{}</bdi></code>"
    return format_html(frame, mark_safe(text))  # noqa: S308 - escaped two lines above


def _seen(letter: str) -> str:
    """Letters that cannot be seen would let two names look alike."""
    return letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}"


@register.filter(name="thin")
def thin_filter(number: float | Decimal | None, decimals: int | None = None) -> str:
    """18867 as 18 867; `thin:1` for one decimal."""
    return words.thin(number, decimals)


@register.simple_tag
def thin(number: float | Decimal | None, decimals: int | None = None) -> str:
    """18867 as 18 867."""
    return words.thin(number, decimals)


@register.simple_tag
def count(number: float | None, url: str = "", decimals: int | None = None) -> SafeString:
    """A number in a cell: zero is faint, none is a hyphen, anything else may lead to its rows."""
    text = words.thin(number, decimals)
    if not number:
        return format_html('<span class="zero">{}</span>', text)
    return format_html('<a href="{}">{}</a>', url, text) if url else format_html("{}", text)


@register.filter
def bytesize(number: int | None) -> str:
    """124600000 as 124.6 MB."""
    return words.bytesize(number)


@register.filter
def lasting(span: Any) -> str:
    """A timedelta or seconds as 3 min 20 s."""
    return words.lasting(span)


@register.filter
def initials(name: str) -> str:
    """Mette Holm as MH."""
    return words.initials(name)


@register.simple_tag(takes_context=True)
def age(context: template.Context, when: datetime | date | None, ago: bool = False) -> SafeString:
    """How long ago, up to a day; then the date. The full time is the tooltip.

    The clock is `now` of the context, else that of the request's house.
    """
    if when is None:
        return format_html('<span class="zero">{}</span>', words.NONE)
    now = context.get("now") or _clock(context)
    stamp = (
        words.aware(when).isoformat(timespec="seconds") if isinstance(when, datetime) else when.isoformat()
    )
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', stamp, words.full(when), words.age(when, now, ago)
    )


def _clock(context: template.Context) -> datetime:
    """The time by the house's clock; by the machine's where a page is made without a request."""
    house = getattr(context.get("request"), "house", None)
    return house.clock.now() if house is not None else timezone.now()


@register.simple_tag
def level(step: int, text: str, of: int = 5) -> SafeString:
    """Steps filled up to the level, then the word. The word is the truth."""
    bars = "".join('<i class="on"></i>' if n < step else "<i></i>" for n in range(of))
    frame = '<span class="level"><span class="steps" aria-hidden="true">{}</span>{}</span>'
    return format_html(frame, mark_safe(bars), text)  # noqa: S308 - two fixed strings


@register.simple_tag
def bar(part: float, whole: float, state: str = "") -> SafeString:
    """A thin bar, part of whole; the number must stand beside it as text."""
    percent = 0.0 if not whole else max(0.0, min(100.0, 100.0 * part / whole))
    return format_html(
        '<svg class="bar {}" aria-hidden="true"><rect width="{}%" height="100%" rx="2"></rect></svg>',
        state,
        f"{percent:.1f}",
    )


@register.simple_tag
def spark(values: Sequence[float], label: str = "") -> SafeString:
    """One small column a month, the last one in ink; `label` says it in words."""
    top = max([*values, 1])
    last = len(values) - 1
    columns = [
        (5.6 * n, 16 - height, height, "last" if n == last else "")
        for n, height in enumerate(max(1.0, round(15.0 * value / top, 1)) for value in values)
    ]
    drawn = format_html_join(
        "", '<rect x="{}" y="{}" width="4.4" height="{}" class="{}"></rect>',
        ((f"{x:.1f}", f"{y:.1f}", f"{h:.1f}", kind) for x, y, h, kind in columns),
    )  # fmt: skip
    said = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    width = f"{5.6 * max(len(values), 1):.0f}"
    return format_html(
        '<svg class="spark" width="{}" height="17" viewBox="0 0 {} 17" {}>{}</svg>', width, width, said, drawn
    )


@register.filter
def swatches(names: str) -> list[str]:
    """The names of tokens, one swatch each: for the components page alone."""
    return names.split()
