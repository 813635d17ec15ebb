"""Why a file was not taken, in words: what happened, what is safe, what to do.

Comes in: a code. Goes out: a sentence.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

NOT_DICOM, DAMAGED, TOO_LARGE, IDENTITY, NOT_JUDGED, NOT_WHOLE = (
    "not-dicom",
    "damaged",
    "too-large",
    "identity",
    "not-judged",
    "not-whole",
)


def words(code: str) -> str:
    """The sentence for a code; empty for none."""
    return {
        NOT_DICOM: _("It is no DICOM file. Nothing of it was kept; leave it out."),
        DAMAGED: _("It is cut short or damaged. Nothing of it was kept; export it again."),
        TOO_LARGE: _("It is larger than 1 GiB. Nothing of it was kept; send it by DICOM."),
        IDENTITY: _(
            "It holds what may tell who the patient is. Nothing of it was kept; de-identify it anew."
        ),
        NOT_JUDGED: _(
            "It is of a kind that may show who the patient is where nobody can look for it. Nothing of it "
            "was kept; leave it out."
        ),
        NOT_WHOLE: _("It did not arrive as it was sent. Nothing of it was kept; send it again."),
    }.get(code, "")
