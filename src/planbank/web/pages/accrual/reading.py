"""What pages draw of the growth of the bank.

Comes in: a request, filters. Goes out: the context of accrual/chart.html.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from planbank.statistics.accrual.read import Asked, accrual
from planbank.web.pages import house_of
from planbank.web.pages.accrual.drawing import chart
from planbank.web.reach import reader_of


def drawn(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    """`accrual`: the numbers; `growth`: their drawing, None where there is nothing; `by_month`."""
    today = timezone.localtime(house_of(request).clock.now()).date()
    found = accrual(reader_of(request), asked, today)
    by_month = bool(found.bins) and (found.bins[-1].until - found.bins[-1].since).days < 200
    return {"accrual": found, "growth": chart(found, today), "by_month": by_month}
