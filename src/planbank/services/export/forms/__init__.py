"""The forms in which files leave: one file a form, each a function from an object to what is given out."""

from __future__ import annotations

from collections.abc import Callable

from planbank.house import House
from planbank.services.export.forms.prepared import Prepared, Unfit
from planbank.services.export.forms.pseudonymised import pseudonymised
from planbank.services.export.forms.raw import raw
from planbank.takeout.models import Export, ExportFile

FORMS: dict[str, Callable[[House, Export], Callable[[ExportFile], Prepared]]] = {
    Export.Form.RAW: raw,
    Export.Form.PSEUDONYMISED: pseudonymised,
}

__all__ = ["FORMS", "Prepared", "Unfit"]
