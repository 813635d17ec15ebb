"""Statistics of a protocol (R51, R72, R77 to R79).

Comes in: structure types, metrics, a centre, a day. Goes out: spreads over all plans and by centre, the
CSV with its data dictionary, and the curves of one type with their bands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, time
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from planbank.access.policy import may
from planbank.access.scopes import Scope
from planbank.errors import StatisticsError
from planbank.exports.csv_file import COMMA, POINT
from planbank.exports.parquet_file import is_there, parquet, pieces
from planbank.naming.queries.desk import Desk
from planbank.protocols.levels import See
from planbank.statistics.columns import meaning_of, table_of
from planbank.statistics.curves import curves_of
from planbank.statistics.lines import lines_of
from planbank.statistics.request import MetricRequest, asked_for
from planbank.statistics.summary import ALL, summary_of
from planbank.web.acting import act_of
from planbank.web.lists.sheet import as_csv
from planbank.web.pages import page_in
from planbank.web.pages.dictionary.desk import context_of, owner_of
from planbank.web.pages.statistics import saved
from planbank.web.reach import reader_of

PATH = "statistics/"


@page_in(PATH, name="statistics", action="data.statistics")
def statistics(request: HttpRequest, where: Scope) -> HttpResponse:
    """The form and, once it was sent, the spreads."""
    desk, wrong = _desk(request, where, "data.statistics")
    wanted, tables, without, summary = None, [], [], None
    if "metrics" in request.GET and not wrong:
        try:
            wanted = _wanted(request, desk)
        except StatisticsError as exc:
            wrong = exc.detail or str(exc)
    if wanted is not None:
        summary = summary_of(wanted, lines_of(desk, wanted), _only_summary(desk))
        for type_ in wanted.types:
            cells = [cell for cell in summary.cells if cell.type == type_.name]
            if any(cell.spread or cell.is_kept_back for cell in cells):
                tables.append((type_, [cell for cell in cells if cell.centre == ALL], _by_centre(cells)))
            else:
                without.append(type_.name)
    act = act_of(request)
    assert act.user is not None
    context = {
        "types": [(row, str(row.pk) in request.GET.getlist("type")) for row in desk.types],
        "metrics": request.GET.get("metrics", "Volume, Dmean, D95%, D2cc"),
        "as_of": request.GET.get("as_of", ""),
        "wrong": wrong,
        "summary": summary,
        "tables": tables,
        "without": without,
        "saved": saved.lines(request, desk.owner),
        "has_parquet": is_there(),
        "may_take_out": bool(may(act.user, "export.csv", act.at, Scope.of(desk.owner))),
    }
    return render(request, "statistics/page.html", context_of(request, desk, "statistics", **context))


@page_in(PATH + "table.csv", name="statistics-csv", action="export.csv")
def table(request: HttpRequest, where: Scope) -> HttpResponseBase:
    """The table as CSV or Parquet: what this person may take out; `of=columns`: what its columns mean."""
    desk, wrong = _desk(request, where, "export.csv")
    if wrong:
        return HttpResponse(wrong, status=400, content_type="text/plain; charset=utf-8")
    try:
        wanted = _wanted(request, desk)
    except StatisticsError as exc:
        return HttpResponse(exc.detail or str(exc), status=400, content_type="text/plain; charset=utf-8")
    short = desk.dictionary.owner.short_name
    dialect = {"comma": COMMA, "point": POINT}.get(request.GET.get("decimal", ""))
    if request.GET.get("of") == "columns":
        return as_csv(f"columns-{short}", *meaning_of(wanted), dialect)
    edition = desk.dictionary.edition if desk.edition is None else desk.edition
    heads, rows = table_of(wanted, lines_of(desk, wanted), edition)
    act_of(request).journal("take out list", **desk.owner.named, rows=len(desk.rows))
    if request.GET.get("format") == "parquet":
        return _parquet(f"dvh-{short}", heads, rows)
    return as_csv(f"dvh-{short}", heads, rows, dialect)


def _parquet(name: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponseBase:
    if not is_there():
        said = _("This bank cannot write Parquet: who runs it installs planbank[parquet]. Take the CSV.")
        return HttpResponse(said, status=501, content_type="text/plain; charset=utf-8")
    answer = StreamingHttpResponse(
        pieces(parquet(heads, rows)), content_type="application/vnd.apache.parquet"
    )
    answer["Content-Disposition"] = f'attachment; filename="{name}.parquet"'
    answer["Cache-Control"] = "no-store"
    return answer


@page_in(PATH + "dvh.json", name="statistics-dvh", action="data.statistics")
def curves(request: HttpRequest, where: Scope) -> HttpResponse:
    """The DVHs of one type: bands over all plans and by centre, and single curves where they may be seen."""
    desk, wrong = _desk(request, where, "data.statistics")
    type_ = next((row for row in desk.types if str(row.pk) == request.GET.get("type")), None)
    if type_ is None or wrong:
        return JsonResponse({"error": wrong or "There is no such structure type."}, status=400)
    return JsonResponse(curves_of(desk, type_, _only_summary(desk)))


def _desk(request: HttpRequest, where: Scope, action: str) -> tuple[Desk, str]:
    """The desk as the address has it, and what is wrong with the address."""
    found = owner_of(where)
    as_of, wrong = None, ""
    if typed := request.GET.get("as_of", "").strip():
        try:
            day = parse_date(typed)
        except ValueError:
            day = None
        if day is None:
            wrong = _("This is no day: %(typed)s. Write it as 2026-03-01.") % {"typed": typed[:20]}
        else:
            as_of = timezone.make_aware(datetime.combine(day, time.max))
    desk = Desk(reader_of(request), found, action=action, as_of=as_of)
    if as_of is not None and _only_summary(Desk(reader_of(request), found, action=action)):
        # Two days would tell one patient from the other as their difference.
        wrong = _("Summaries are of today only.")
    return desk, wrong


def _wanted(request: HttpRequest, desk: Desk) -> MetricRequest:
    return asked_for(desk.types, request.GET.getlist("type"), request.GET.get("metrics", "")[:500])


def _only_summary(desk: Desk) -> bool:
    """Whether some of the rows are seen as summary only: then all are treated so."""
    return desk.plan_sets.filter(seen_as__lt=See.PSEUDONYMISED).exists()


def _by_centre(cells: list[Any]) -> list[tuple[str, list[Any]]]:
    centres = sorted({cell.centre for cell in cells if cell.centre != ALL})
    return [(centre, [cell for cell in cells if cell.centre == centre]) for centre in centres]
