"""Asking the API: one call a resource, pages followed by themselves.

Comes in: an address and a token. Goes out: rows as they come, so that a long list takes no memory.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from planbank.client.download import fetch
from planbank.client.errors import PAUSE, TRIES, ApiError, refusal

Row = dict[str, Any]


class Client:
    """One bank, seen with one token.

    Args:
        url: address of the site, such as https://bank.example.
        token: from `planbank token` or the page of your account.
        timeout: seconds to wait for an answer.
    """

    def __init__(self, url: str, token: str, *, timeout: float = 60) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError("The address of the bank begins with https:// (or http:// on one machine).")
        self._base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}/api/v1"
        self._token, self._timeout = token, timeout

    def me(self) -> Row:
        """Who the token is, and how long it lasts."""
        return self._get("me", {})

    def institutions(self) -> Iterator[Row]:
        """Institutions of which you may see something."""
        return self.rows("institutions")

    def protocols(self) -> Iterator[Row]:
        """Protocols whose record you may see."""
        return self.rows("protocols")

    def projects(self) -> Iterator[Row]:
        """Projects whose record you may see."""
        return self.rows("projects")

    def participants(self, protocol: str) -> Iterator[Row]:
        """Participants of a protocol."""
        return self.rows("participants", protocol=protocol)

    def register_participant(self, protocol: str, trial_id: str, **values: Any) -> Row:
        """Register a participant; `values`: institution, arm, attributes, ... as text."""
        return self._send("POST", "participants", {"protocol": protocol}, {"trial_id": trial_id, **values})

    def change_participant(self, protocol: str, trial_id: str, revision: int, **values: Any) -> Row:
        """Change a participant that was read as `revision`. Raises ApiError 409 where somebody was first."""
        body = {"trial_id": trial_id, "revision": revision, **values}
        return self._send("PATCH", "participants", {"protocol": protocol}, body)

    def patients(self, **where: str) -> Iterator[Row]:
        """Patients; `where`: protocol, project, institution."""
        return self.rows("patients", **where)

    def plan_sets(self, **where: str) -> Iterator[Row]:
        """Plan sets; `where`: protocol, project, institution."""
        return self.rows("plan-sets", **where)

    def rois(self, plan_set: int) -> Iterator[Row]:
        """ROIs of a plan set."""
        return self.rows(f"plan-sets/{int(plan_set)}/rois")

    def dvhs(self, plan_set: int, metrics: str = "", curve: bool = False) -> Iterator[Row]:
        """DVHs of a plan set; `metrics` such as 'D95%,V20Gy'."""
        more = {"metrics": metrics} if metrics else {}
        return self.rows(f"plan-sets/{int(plan_set)}/dvhs", curve="true" if curve else "false", **more)

    def findings(self, plan_set: int) -> Iterator[Row]:
        """Findings on a plan set."""
        return self.rows(f"plan-sets/{int(plan_set)}/findings")

    def structure_types(self, protocol: str = "", *, project: str = "") -> Iterator[Row]:
        """Structure types of a protocol or project."""
        return self.rows("structure-types", **_named(protocol=protocol, project=project))

    def dictionary(self, protocol: str = "", *, project: str = "") -> Iterator[Row]:
        """Rules of a structure dictionary: which name stands for which type."""
        return self.rows("dictionary", **_named(protocol=protocol, project=project))

    def change_dictionary(
        self, edition: int, *, protocol: str = "", project: str = "", only_try: bool = False, **lines: Any
    ) -> Row:
        """Rules to `add` ({entry, type, institution}) and to `end` (ids); what that does to the plans.

        `edition` is that of the dictionary as it was read. Raises ApiError 409 where somebody was first.
        """
        body = {"edition": edition, "only_try": only_try, **lines}
        return self._send("POST", "dictionary", _named(protocol=protocol, project=project), body)

    def matrix(self, protocol: str = "", **more: str) -> Iterator[Row]:
        """Plan sets by structure types; `more`: project in place of a protocol, institution."""
        return self.rows("matrix", **_named(protocol=protocol, **more))

    def unmapped(self, protocol: str = "", *, project: str = "") -> Iterator[Row]:
        """Names that stand for nothing yet, each with what it may mean."""
        return self.rows("unmapped", **_named(protocol=protocol, project=project))

    def accrual(self, **where: str) -> Row:
        """Patients by first treatment date; `where`: protocol, institution, country, cancer_group."""
        return self._get("accrual", where)

    def metrics(self, protocol: str = "", metrics: str = "", types: str = "", **more: str) -> Iterator[Row]:
        """Any metric of any structure type, plan by plan: metrics 'D95%,V20Gy', types 'Heart,Lung_L'.

        `more`: project in place of a protocol, as_of.
        """
        return self.rows("metrics", **_named(protocol=protocol, metrics=metrics, types=types, **more))

    def saved_requests(self, protocol: str = "", *, project: str = "") -> Iterator[Row]:
        """Requests of metrics that people keep."""
        return self.rows("requests", **_named(protocol=protocol, project=project))

    def save_request(
        self, protocol: str, name: str, metrics: str, types: Sequence[str] = (), *, project: str = ""
    ) -> Row:
        """Keep a request of metrics under a name, in place of one that has it; types, none: all."""
        body = {"name": name, "metrics": metrics, "types": list(types)}
        return self._send("POST", "requests", _named(protocol=protocol, project=project), body)

    def remove_request(self, protocol: str, request: int, *, project: str = "") -> None:
        """Let a saved request go, by its id."""
        where = _named(protocol=protocol, project=project, request_id=str(request))
        self._send("DELETE", "requests", where, {})

    def ask_again(self, protocol: str, request: int, **more: str) -> Iterator[Row]:
        """The lines of a saved request, as the data are now; `more`: project, as_of."""
        return self.rows("metrics", **_named(protocol=protocol, request_id=str(request), **more))

    def constraints(self, protocol: str) -> Iterator[Row]:
        """What a protocol asks of the dose."""
        return self.rows("constraints", protocol=protocol)

    def add_constraint(self, protocol: str, text: str, arm: str = "") -> Row:
        """Add a constraint: 'Heart Dmean <= 2 Gy, tolerate 2.5 Gy', in one arm or (empty) in all."""
        return self._send("POST", "constraints", {"protocol": protocol}, {"text": text, "arm": arm})

    def end_constraint(self, protocol: str, constraint: int) -> None:
        """End a constraint by its id."""
        self._send("DELETE", "constraints", {"protocol": protocol, "constraint": str(constraint)}, {})

    def verdicts(self, protocol: str) -> Iterator[Row]:
        """What each plan of a protocol came to by each constraint."""
        return self.rows("verdicts", protocol=protocol)

    def analysis(self, protocol: str) -> Iterator[Row]:
        """Which plan of each patient tables take, or which together, and who needs a choice."""
        return self.rows("analysis", protocol=protocol)

    def memberships(self, **where: str) -> Iterator[Row]:
        """What stands in protocols; `where`: protocol, project, as_of (a time with its zone)."""
        return self.rows("memberships", **where)

    def grants(self, **where: str) -> Iterator[Row]:
        """Your own grants and those you answer for; `where`: protocol, project."""
        return self.rows("grants", **where)

    def journal(self, **where: str) -> Iterator[Row]:
        """What you did yourself and what you answer for, newest first; `where`: protocol, action."""
        return self.rows("journal", **where)

    def exports(self, **where: str) -> Iterator[Row]:
        """Exports you asked for, and those you decide about; `where`: protocol, project."""
        return self.rows("exports", **where)

    def ask_export(self, purpose: str, *, protocol: str = "", project: str = "", **wanted: Any) -> Row:
        """Ask for files; `wanted`: form, recipient, kinds, institutions, structure_types, last_day, ..."""
        where = _named(protocol=protocol, project=project)
        return self._send("POST", "exports", where, {"purpose": purpose, **wanted})

    def export(self, number: int) -> Row:
        """How an export stands."""
        return self._get(f"exports/{int(number)}", {})

    def cancel_export(self, number: int, revision: int) -> None:
        """Cancel what you asked for, as it was read at `revision`."""
        self._send("DELETE", f"exports/{int(number)}", {"revision": str(revision)}, {})

    def download(self, number: int, path: str | Path) -> Path:
        """The ZIP of an export into a file, streamed; goes on where an earlier try broke off.

        The file is there when it is whole; until then `path` has the ending .part. Raises ApiError.
        """
        address = f"{self._base}/exports/{int(number)}/files"
        return fetch(address, self._token, Path(path), self._timeout)

    def rows(self, path: str, **parameters: str) -> Iterator[Row]:
        """Every row of a list, page after page."""
        after: str | None = ""
        while after is not None:
            page = self._get(path, {**parameters, **({"after": after} if after else {})})
            yield from page["items"]
            after = page.get("next")

    def frame(self, path: str, **parameters: str) -> Any:
        """A list as a pandas DataFrame. Needs pandas, which is not installed with planbank."""
        import pandas  # type: ignore[import-not-found,import-untyped,unused-ignore]

        return pandas.DataFrame.from_records(list(self.rows(path, **parameters)))

    def _send(self, method: str, path: str, parameters: dict[str, str], body: Row) -> Row:
        """One change, sent once: what did not answer is not tried again, it may have been done."""
        address = f"{self._base}/{path}?{urllib.parse.urlencode(parameters)}"
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Accept": "application/json",
            "Content-Type": "application/json",
        }
        request = urllib.request.Request(  # noqa: S310
            address, json.dumps(body).encode(), headers=headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=self._timeout) as answer:  # noqa: S310
                found: Row = {} if answer.status == 204 else json.load(answer)
                return found
        except urllib.error.HTTPError as exc:
            raise refusal(exc) from None
        except OSError as exc:
            raise ApiError(0, "The bank was not reached", str(exc)) from None

    def _get(self, path: str, parameters: dict[str, str]) -> Row:
        query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        request = urllib.request.Request(f"{self._base}/{path}{query}", headers=headers)  # noqa: S310
        for left in reversed(range(TRIES)):
            try:
                with urllib.request.urlopen(request, timeout=self._timeout) as answer:  # noqa: S310
                    found: Row = json.load(answer)
                    return found
            except urllib.error.HTTPError as exc:
                if exc.code not in (502, 503, 504) or not left:
                    raise refusal(exc) from None
            except OSError as exc:
                if not left:
                    raise ApiError(0, "The bank was not reached", str(exc)) from None
            time.sleep(PAUSE * (TRIES - left))
        raise AssertionError("unreachable")


def _named(**where: str) -> dict[str, str]:
    """What is named at all, for an address."""
    return {name: value for name, value in where.items() if value}
