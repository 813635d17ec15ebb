"""How an institution's patient IDs are to be understood, in words (R129).

Comes in: nothing. Goes out: choices for a form and a model, the titles of planbank.dicom.numbers. A new
scheme is a file there and a line here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.dicom.identity import LOCAL
from planbank.dicom.numbers import SCHEMES

if TYPE_CHECKING:
    from django.utils.functional import Promise

TITLES = {
    "CPR": gettext_lazy("Danish CPR numbers, joined across centres"),
    "SE-personnummer": gettext_lazy("Swedish personal numbers of twelve digits, joined across centres"),
    "NO-fodselsnummer": gettext_lazy("Norwegian birth numbers and D-numbers, joined across centres"),
    "FI-hetu": gettext_lazy("Finnish personal identity codes, joined across centres"),
    "GB-NHS": gettext_lazy("NHS numbers, joined across centres"),
    LOCAL: gettext_lazy("Local numbers, never joined"),
}


def scheme_choices() -> list[tuple[str, str | Promise]]:
    """National schemes by country, local numbers last."""
    national = sorted(SCHEMES.values(), key=lambda scheme: (scheme.country, scheme.name))
    return [*((one.name, TITLES[one.name]) for one in national), (LOCAL, TITLES[LOCAL])]


def check_scheme(name: str, country: str) -> None:
    """Raise ValidationError where the numbers are another country's: they would join strangers."""
    scheme = SCHEMES.get(name)
    if scheme is not None and scheme.country != country:
        said = _("These numbers are given in %(country)s. Choose that country, or local numbers.")
        raise ValidationError({"identity_scheme": said % {"country": scheme.country}})
