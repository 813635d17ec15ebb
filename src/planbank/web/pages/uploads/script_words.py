"""What the page's script says, in the language of the page.

Comes in: nothing. Goes out: texts by name; {came}, {seen}, {refused}, {mb} and {all} are filled in there.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _


def script_words() -> dict[str, Any]:
    """Texts for js/upload/page.js."""
    return {
        "begin": _("Looking at the files..."),
        "going": _("{came} of {seen} files, {mb} of {all} MB. Leave this page open."),
        "done": _("All {seen} files came, {refused} of them refused."),
        "held": _("{seen} files are de-identified. Nothing has left this computer yet."),
        "holding": _("De-identifying: {seen} files so far."),
        "key-wrong": _("This is not the key file of your earlier uploads. Choose that one."),
        "no-key": _("This is no key file. Choose the one that was made before."),
        "did": {
            "removed": _("left out"),
            "emptied": _("emptied"),
            "replaced by a dummy": _("replaced by a dummy"),
            "name replaced": _("name replaced"),
            "UID replaced": _("UID replaced"),
            "date shifted": _("date shifted"),
            "not in the IOD, removed": _("does not belong there, left out"),
            "not where it belongs, removed": _("does not belong there, left out"),
            "not what its VR says, left out": _("not what it should be, left out"),
            "private or unknown, removed": _("private attributes, left out"),
            "code that is not published, removed": _("codes of somebody's own, left out"),
            "words of a vendor left out": _("words of a vendor, left out"),
        },
        "trial-id": _("Trial ID of {patient}"),
        "trial-ids-lost": _(
            "The trial IDs did not reach the bank; they are sent again with the next change."
        ),
        "filing": _("{n} of them are still being filed."),
        "filed": _("All that was kept is filed."),
        "nothing": _("None of these files can go; why is said below."),
        "nobody": _("No patient ID"),
        "halted": {
            "paused": _("Paused. What came is safe."),
            "signed-out": _("You were signed out. Sign in again in another tab, then go on here."),
            "ended": _("This upload has ended. What came is safe; begin another for the rest."),
            "lost": _("The line to the bank is gone. What came is safe; go on when it is back."),
            "broken": _(
                "This page stopped working. What came is safe: load it again and choose the same files."
            ),
            "insecure": _("Uploads need an encrypted page (https). Ask who runs this bank."),
        },
        "problems": {
            "not-dicom": _("No DICOM file; it stays where it is."),
            "directory": _("An index of a disc; it holds no images and stays where it is."),
            "identity": _(
                "It still tells who the patient is, so it did not leave this computer. Choose the key file, "
                "then choose it again."
            ),
            "link": _("A link; links are not followed."),
            "encrypted": _("It is encrypted. Unpack the archive yourself."),
            "too-large": _("Larger than 1 GiB. Send it by DICOM."),
            "packing": _("Packed in a way that browsers cannot read. Unpack the archive yourself."),
            "bomb": _("It says it holds far more than it can, and was not opened."),
            "zip64": _("The archive is too large to be read here. Unpack it and choose the folder."),
            "damaged": _("The archive is damaged. Pack it anew, or choose the folder."),
            "not-safe": _("It cannot be made safe, so it did not leave this computer."),
            "unreadable": _("It could not be read from your disk."),
        },
    }
