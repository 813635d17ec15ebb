"""Findings in words: what is odd, what is safe, what to do (look.md, section 5).

Comes in: the code and parameters that a service wrote. Goes out: how grave it is and three
sentences. A code without words gets neutral ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

SAFE = _("The object is kept as it came.")


@dataclass(frozen=True)
class FindingWords:
    """`state` is ok, warn, bad or info; `title` says what is odd."""

    state: str
    title: str
    safe: str
    todo: str

    @property
    def word(self) -> str:
        """The word on its badge."""
        return {"bad": gettext("Needs a fix"), "warn": gettext("Please look")}.get(
            self.state, gettext("To know")
        )


_WORDS: dict[str, tuple[str, Any, Any]] = {
    "no-patient-id": (
        "warn",
        _("It came without a Patient ID"),
        _("It is filed under the institution only. Send it again with the ID to file it under the patient."),
    ),
    "no-study-uid": (
        "warn",
        _("It came without a Study Instance UID"),
        _("Send it again from a system that writes the UID, if it belongs to a study."),
    ),
    "no-series-uid": (
        "warn",
        _("It came without a Series Instance UID"),
        _("Send it again from a system that writes the UID, if it belongs to a series."),
    ),
    "odd-uid": (
        "info",
        _("A UID is not written as the Standard asks"),
        _("Nothing, unless another system refuses it. Tell the maker of the system that wrote it."),
    ),
    "charset-guessed": (
        "info",
        _("Some text does not fit the character set it declares"),
        _("Check the name. A fallback for this sender can be set where senders are registered."),
    ),
    "patient-differs-in-study": (
        "bad",
        _("One study came under more than one patient"),
        _("Compare the patients. Correct the wrong one in the system it came from and send it again."),
    ),
}


def finding_in_words(code: str, params: Mapping[str, Any]) -> FindingWords:
    """The words for a finding. `params` come from the service; they hold counts and field names only."""
    known = _WORDS.get(code)
    if known is None:
        return FindingWords("info", gettext("Something is odd (%(code)s)") % {"code": code}, str(SAFE), "")
    state, title, todo = known
    return FindingWords(state, f"{title}{_more(code, params)}.", str(SAFE), str(todo))


def _more(code: str, params: Mapping[str, Any]) -> str:
    if code == "odd-uid" and isinstance(params.get("where"), list):
        return ": " + ", ".join(str(name) for name in params["where"])
    if code == "patient-differs-in-study" and isinstance(params.get("files"), int):
        n = params["files"]
        return ": " + ngettext("%(n)s patient", "%(n)s patients", n) % {"n": n}
    return ""
