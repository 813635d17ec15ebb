"""What is known of an institution, as a form.

Comes in: what was typed, or an institution. Goes out: `InstitutionFacts`, or at each field what is
wrong and the way out.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.dicom.identity import LOCAL
from planbank.people.institutions import InstitutionFacts
from planbank.people.models import Institution, Region, code_validator, country_validator
from planbank.people.schemes import scheme_choices
from planbank.people.zones import zones
from planbank.web.lists.filters import Filters, search_field


class InstitutionFilters(Filters):
    """Words, country, switched on or off."""

    q = search_field(gettext_lazy("Code or name"))
    country = forms.ChoiceField(label=gettext_lazy("Country"), required=False)
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        required=False,
        choices=[
            ("", gettext_lazy("All")),
            ("on", gettext_lazy("Active")),
            ("off", gettext_lazy("Switched off")),
        ],
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        found = Institution.objects.order_by("country").values_list("country", flat=True).distinct()
        self.fields["country"].choices = [("", _("All")), *((code, code) for code in found)]


class InstitutionForm(forms.Form):
    """Add an institution, or change one."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=16,
        validators=[code_validator],
        help_text=gettext_lazy("Short, in capitals, such as OUH. It stays for ever."),
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off", "spellcheck": "false"}),
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    country = forms.CharField(
        label=gettext_lazy("Country"),
        max_length=2,
        initial="DK",
        help_text=gettext_lazy("Two letters, such as DK."),
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off"}),
    )
    region = forms.ModelChoiceField(
        label=gettext_lazy("Region"), queryset=Region.objects.all(), required=False, empty_label="-"
    )
    new_region = forms.CharField(
        label=gettext_lazy("Or a new region"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("It is added in the country above."),
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        required=False,
        help_text=gettext_lazy("Its people see times in it, and their last days end at its midnight."),
    )
    identity_scheme = forms.ChoiceField(
        label=gettext_lazy("Patient numbers"), choices=scheme_choices, initial=LOCAL
    )
    deidentified_only = forms.BooleanField(
        label=gettext_lazy("Only de-identified files"),
        required=False,
        help_text=gettext_lazy(
            "The upload form then takes nothing that tells who a patient is. Abroad it is always so."
        ),
    )
    is_active = forms.BooleanField(
        label=gettext_lazy("Active"),
        required=False,
        initial=True,
        help_text=gettext_lazy(
            "Switched off, its people see nothing of it and what is sent for it is set aside."
        ),
    )

    def __init__(self, data: Any = None, row: Institution | None = None) -> None:
        super().__init__(data, initial=_initial(row))
        site = _("%(zone)s, the site's") % {"zone": timezone.get_default_timezone_name()}
        self.fields["time_zone"].choices = [("", site), *((name, name) for name in zones())]
        self.fields["region"].queryset = Region.objects.order_by("country", "name")
        if row is not None:
            self.fields["code"].disabled = True
            self.fields["code"].help_text = ""

    def clean_country(self) -> str:
        """Capitals, however they were typed."""
        country = str(self.cleaned_data["country"]).upper()
        country_validator(country)
        return country

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("region") and given.get("new_region"):
            self.add_error("new_region", _("Choose a region above, or write a new one here; not both."))
        return given

    def facts(self, region: Region | None) -> InstitutionFacts:
        """What was typed. Call after is_valid(); `region`: the new one, where there is one."""
        given = {k: v for k, v in self.cleaned_data.items() if k not in ("seen", "new_region", "region")}
        return InstitutionFacts(**given, region=region or self.cleaned_data["region"])


def _initial(row: Institution | None) -> dict[str, Any]:
    if row is None:
        return {}
    names = (
        "code",
        "name",
        "country",
        "region",
        "time_zone",
        "identity_scheme",
        "deidentified_only",
        "is_active",
    )
    return {name: getattr(row, name) for name in names} | {"seen": row.revision}
