"""What is known of a sender, as a form.

Comes in: what was typed, or a sender. Goes out: `SenderFacts`, or at each field what is wrong and
the way out.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.messages.models import SenderNotices
from planbank.messages.outbox import is_address
from planbank.people.actions import SenderFacts, plain_network
from planbank.people.models import Institution, Sender, validate_ae_title
from planbank.web.pages.senders.echo import allowed

SPARE_ROWS, MOST_ROWS = 2, 20
MOST_RECIPIENTS = 10
# A wider network than this names nobody: trust is given to a name at a place (R10).
WIDEST = {4: 8, 6: 32}
_MONO = {"class": "mono", "autocomplete": "off", "spellcheck": "false"}


class InstitutionField(forms.ModelChoiceField):
    """One active institution: 'AAL, Aalborg'; `kept` is offered also when it is switched off."""

    def __init__(self, kept: int | None, **options: Any) -> None:
        offered = Institution.objects.filter(is_active=True)
        if kept:
            offered = offered | Institution.objects.filter(pk=kept)
        super().__init__(offered, empty_label=gettext_lazy("None"), required=False, **options)

    def label_from_instance(self, obj: Institution) -> str:
        return f"{obj.code}, {obj.name}"


class SenderForm(forms.Form):
    """Register a sender, or change one."""

    ae_title = forms.CharField(
        label=gettext_lazy("AE title"),
        max_length=16,
        help_text=gettext_lazy("What the system calls itself, exactly: capitals count."),
        error_messages={"required": gettext_lazy("Write what the system calls itself.")},
        widget=forms.TextInput(attrs=_MONO),
    )
    network = forms.CharField(
        label=gettext_lazy("Address or network"),
        max_length=64,
        help_text=gettext_lazy("10.62.9.14 for one machine, 10.62.9.0/24 for a network."),
        error_messages={"required": gettext_lazy("Write where it calls from.")},
        widget=forms.TextInput(attrs=_MONO),
    )
    description = forms.CharField(label=gettext_lazy("What it is"), max_length=200, required=False)
    contact = forms.CharField(
        label=gettext_lazy("Whom to call"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Name and telephone of who runs it."),
    )
    recipients = forms.CharField(
        label=gettext_lazy("Receipts go to"),
        max_length=2000,
        required=False,
        help_text=gettext_lazy(
            "E-mail addresses, with commas between. None: those who administer the institution."
        ),
        widget=forms.TextInput(attrs={"inputmode": "email", "autocomplete": "off"}),
    )
    echo_host = forms.GenericIPAddressField(
        label=gettext_lazy("Its own address"), required=False, widget=forms.TextInput(attrs=_MONO)
    )
    echo_port = forms.IntegerField(
        label=gettext_lazy("Its port"),
        required=False,
        min_value=1,
        max_value=65535,
        help_text=gettext_lazy("Often 104 or 11112."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    quiet_minutes = forms.IntegerField(
        label=gettext_lazy("Quiet time, minutes"),
        required=False,
        min_value=1,
        max_value=24 * 60,
        help_text=gettext_lazy("After so long without a new object a patient counts as all here."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    small_is_empty = forms.BooleanField(
        label=gettext_lazy("It drops empty ROIs: a point, or less than 0.1 cc, counts as empty for triggers"),
        required=False,
    )

    def __init__(self, data: Any = None, sender: Sender | None = None) -> None:
        self.sender = sender
        listed = list(sender.listed.select_related("institution").order_by("called_ae")) if sender else []
        super().__init__(data, initial=_initial(sender, listed))
        self.rows = min(len(listed) + SPARE_ROWS, MOST_ROWS)
        for n in range(1, self.rows + 1):
            row = listed[n - 1] if n <= len(listed) else None
            self.fields[f"institution_{n}"] = InstitutionField(
                row.institution_id if row else None,
                label=_("Institution %(n)s") % {"n": n},
                initial=row.institution_id if row else None,
            )
            self.fields[f"called_{n}"] = forms.CharField(
                label=_("Called AE title %(n)s") % {"n": n},
                max_length=16,
                required=False,
                initial=row.called_ae if row else "",
                widget=forms.TextInput(attrs=_MONO),
            )

    def pairs(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """The rows of 'for whom': institution and called AE title."""
        return [(self[f"institution_{n}"], self[f"called_{n}"]) for n in range(1, self.rows + 1)]

    def clean_ae_title(self) -> str:
        validate_ae_title(self.cleaned_data["ae_title"])
        return self.cleaned_data["ae_title"]

    def clean_network(self) -> str:
        try:
            network = plain_network(self.cleaned_data["network"])
        except ValueError:
            words = _("This is no address. Write 10.62.9.14, or a network: 10.62.9.0/24.")
            raise ValidationError(words) from None
        parts = ipaddress.ip_network(network)
        if parts.prefixlen < WIDEST[parts.version]:
            raise ValidationError(_("This is half the world. Write the network of one hospital."))
        return network

    def clean_recipients(self) -> list[str]:
        found = [word for word in re.split(r"[\s,;]+", self.cleaned_data["recipients"]) if word]
        for address in found:
            if not is_address(address):
                raise ValidationError(_("%(text)s is no e-mail address.") % {"text": address[:80]})
        if len(found) > MOST_RECIPIENTS:
            raise ValidationError(_("At most %(n)s addresses.") % {"n": MOST_RECIPIENTS})
        return list(dict.fromkeys(found))

    def save_notices(self, sender: Sender) -> None:
        """Keep whom receipts go to, once the sender itself is kept."""
        given = {"recipients": self.cleaned_data["recipients"]}
        SenderNotices.objects.update_or_create(sender=sender, defaults=given)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self._check_taken(cleaned)
        self._check_echo(cleaned)
        self._check_listed(cleaned)
        return cleaned

    def _check_taken(self, cleaned: dict[str, Any]) -> None:
        name, network = cleaned.get("ae_title"), cleaned.get("network")
        if not name or not network:
            return
        others = Sender.objects.filter(ae_title=name, network=network)
        if others.exclude(pk=self.sender.pk if self.sender else None).exists():
            self.taken()

    def taken(self) -> None:
        """Say that this name is registered at this address."""
        words = _("Registered at this address already. Change that sender, or write another address.")
        self.add_error("ae_title", words)

    def _check_echo(self, cleaned: dict[str, Any]) -> None:
        host, port, network = cleaned.get("echo_host"), cleaned.get("echo_port"), cleaned.get("network")
        if host and network and not allowed(host, network):
            words = _("Lies outside %(network)s. Only a sender's own network is ever called.")
            self.add_error("echo_host", words % {"network": network})
        if bool(host) != bool(port) and not self.errors.keys() & {"echo_host", "echo_port"}:
            words = _("Address and port go together: fill in both, or none.")
            self.add_error("echo_port" if host else "echo_host", words)

    def _check_listed(self, cleaned: dict[str, Any]) -> None:
        seen: dict[str, int] = {}
        for n in range(1, self.rows + 1):
            institution, called = cleaned.get(f"institution_{n}"), (cleaned.get(f"called_{n}") or "").strip()
            if called and institution is None:
                self.add_error(f"institution_{n}", _("Choose whose data are sent to that AE title."))
            if institution is None:
                continue
            if called:
                self._check_called(n, called)
            if called in seen:
                words = _("Same as row %(n)s. With several institutions each needs an AE title of its own.")
                self.add_error(f"called_{n}", words % {"n": seen[called]})
            seen.setdefault(called, n)
        if not seen and "institution_1" not in self.errors:
            self.add_error("institution_1", _("Choose the institution whose data it sends."))

    def _check_called(self, n: int, called: str) -> None:
        try:
            validate_ae_title(called)
        except ValidationError as exc:
            self.add_error(f"called_{n}", exc)

    def facts(self) -> SenderFacts:
        """What was typed, once it is valid."""
        given = self.cleaned_data
        return SenderFacts(
            ae_title=given["ae_title"],
            network=given["network"],
            listed=tuple(
                (given[f"institution_{n}"], given[f"called_{n}"])
                for n in range(1, self.rows + 1)
                if given.get(f"institution_{n}")
            ),
            description=given["description"],
            contact=given["contact"],
            echo_host=given["echo_host"] or None,
            echo_port=given["echo_port"],
            charset_fallback=self.sender.charset_fallback if self.sender else "",
            quiet_minutes=given["quiet_minutes"],
            small_is_empty=given["small_is_empty"],
        )


def _initial(sender: Sender | None, listed: list[Any]) -> dict[str, Any]:
    if sender is None:
        return {}
    names = ("ae_title", "network", "description", "contact", "echo_host", "echo_port")
    names += ("quiet_minutes", "small_is_empty")
    notices = SenderNotices.objects.filter(sender=sender).first()
    told = {"recipients": ", ".join(notices.recipients) if notices else ""}
    return {name: getattr(sender, name) for name in names} | told
