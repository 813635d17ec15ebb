"""What one may choose for oneself."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class Choices(forms.Form):
    """Language and theme."""

    language = forms.ChoiceField(
        label=_("Language"), choices=[("", _("As the browser says")), *settings.LANGUAGES], required=False
    )
    theme = forms.ChoiceField(
        label=_("Light or dark"),
        choices=[("auto", _("As the system")), ("light", _("Light")), ("dark", _("Dark"))],
        help_text=_("Kept in this browser."),
    )
