"""The certificates a sender may show: what stands there, and taking in one more.

Comes in: a sender, and PEM text, a file or a fingerprint. Goes out: rows with their end in words,
and `CertificateFacts` once what was given is one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from planbank.errors import CertificateUnusable
from planbank.people.certificates import MOST_TEXT, CertificateFacts, read_certificate
from planbank.people.expiry import days_left, level
from planbank.web.parts.words import thin

if TYPE_CHECKING:
    from datetime import datetime

    from planbank.people.models import Sender, SenderCertificate


class CertificateForm(forms.Form):
    """One certificate, pasted or as a file."""

    text = forms.CharField(
        label=gettext_lazy("Certificate or fingerprint"),
        required=False,
        strip=True,
        max_length=MOST_TEXT,
        help_text=gettext_lazy("PEM text, which begins with BEGIN CERTIFICATE, or its SHA-256."),
        widget=forms.Textarea(
            attrs={"rows": 4, "class": "mono", "autocomplete": "off", "spellcheck": "false"}
        ),
    )
    file = forms.FileField(
        label=gettext_lazy("Or its file"),
        required=False,
        help_text=gettext_lazy("The .crt or .pem of the system. Never its key."),
        widget=forms.FileInput(attrs={"accept": ".crt,.pem,.cer"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        upload, text = cleaned.get("file"), cleaned.get("text") or ""
        if "PRIVATE KEY" in text:
            self.data = {}  # a key is not even shown back to who pasted it
        if bool(upload) == bool(text):
            raise ValidationError(_("Give one certificate: paste it, or choose its file."))
        try:
            given = upload.read(MOST_TEXT + 1).decode("ascii") if upload else text
            cleaned["facts"] = read_certificate(given)
        except UnicodeDecodeError:
            words = _("This file is not PEM text. Save the certificate as Base64 (PEM), then try again.")
            self.add_error("file", words)
        except CertificateUnusable as exc:
            self.add_error("file" if upload else "text", _words(exc))
        return cleaned

    def facts(self) -> CertificateFacts:
        """What was given, once it is valid."""
        facts: CertificateFacts = self.cleaned_data["facts"]
        return facts


def _words(exc: CertificateUnusable) -> str:
    if "private key" in exc.detail:
        return _("This holds a private key. Nothing was kept. Its owner should make a new pair now.")
    return _("This is no certificate. Give PEM text, which begins with BEGIN CERTIFICATE, or a SHA-256.")


@dataclass(frozen=True)
class Shown:
    """One certificate as the page shows it."""

    row: SenderCertificate
    state: str
    words: str

    @property
    def fingerprint(self) -> str:
        """In groups of eight digits, as people compare it."""
        text = self.row.fingerprint.upper()
        return " ".join(text[at : at + 8] for at in range(0, len(text), 8))


def shown(sender: Sender, now: datetime) -> list[Shown]:
    """The certificates of a sender, the first to end first."""
    return [Shown(row, *_end(row, now)) for row in sender.certificates.order_by("not_after", "pk")]


def _end(row: SenderCertificate, now: datetime) -> tuple[str, str]:
    if row.not_after is None:
        return "idle", _("Only its fingerprint is known")
    if row.not_before is not None and row.not_before > now:
        return "warn", _("Not valid yet")
    left = days_left(row.not_after, now)
    if left < 0:
        return "bad", _("Ended")
    state = {"info": "warn"}.get(grade := level(row.not_after, now), grade)
    return state, ngettext("%(n)s day left", "%(n)s days left", left) % {"n": thin(left)}
