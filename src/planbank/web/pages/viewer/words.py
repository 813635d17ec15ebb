"""The words that the viewer's modules show, in the reader's language: they hold none themselves.

Comes in: nothing. Goes out: keys with texts, `{name}` standing for what a module fills in; keys of the
keyboard with what they do; the planes.
"""

from __future__ import annotations

from django.utils.translation import gettext as _


def planes() -> list[tuple[str, str]]:
    """The three planes and what their pictures are called."""
    return [("axial", _("Axial plane")), ("coronal", _("Coronal plane")), ("sagittal", _("Sagittal plane"))]


def keys() -> list[tuple[str, str]]:
    """What `?` shows (ui.md, check 5)."""
    return [
        ("\N{UPWARDS ARROW} \N{DOWNWARDS ARROW}", _("One slice up or down")),
        ("PgUp PgDn", _("Ten slices up or down")),
        ("1-9", _("Windows, in their order")),
        ("C", _("Colour wash on or off")),
        ("I", _("Isodoses on or off")),
        ("B", _("Beams on or off")),
        ("S", _("Structures on or off")),
        ("+ -", _("Zoom")),
        ("M", _("Measure: at the crosshair the first point, then the second")),
        ("Del", _("Take the distances away")),
        ("R", _("Everything as at the start")),
        ("?", _("This list")),
    ]


def words() -> list[tuple[str, str]]:
    """Every text of the modules."""
    return [*_loading(), *_places(), *_lists(), *_frames()]


def _loading() -> list[tuple[str, str]]:
    return [
        ("loading", _("Loading images, {n} of {of}")),
        ("loaded", _("Done loading images")),
        ("images-lack", _("{n} of {of} images are here")),
        ("no-images", _("No images have come")),
        ("images-unclear", _("Which images it belongs to is not known")),
        ("not-loaded", _("Not loaded: {what}")),
        ("images", _("images")),
        ("doses", _("doses")),
        ("structures", _("structures")),
        ("preparing", _("Being prepared")),
        ("goes-on", _("This page goes on by itself; you may also leave it and come back.")),
        ("cannot", _("This plan cannot be shown")),
        ("again", _("Try again")),
        ("try-again", _("The connection broke off. All data are safe in the bank. Try again.")),
        (
            "not-allowed",
            _("You may not see this, or it does not exist, or you are no longer signed in. Reload the page."),
        ),
        ("copied", _("The address of this view is copied.")),
        ("copy-by-hand", _("The browser does not let pages copy. Copy the address of this page.")),
    ]


def _places() -> list[tuple[str, str]]:
    return [
        ("axial", _("Axial")),
        ("coronal", _("Coronal")),
        ("sagittal", _("Sagittal")),
        ("place", _("{plane}, {axis} = {mm} mm")),
        ("slice", _("slice {n} of {of}")),
        ("window", _("Window {width}, level {level}")),
        ("no-image", _("No image here")),
        ("no-dose", _("No dose here")),
        ("position-HFS", _("Head first, supine")),
        ("position-HFP", _("Head first, prone")),
        ("position-FFS", _("Feet first, supine")),
        ("position-FFP", _("Feet first, prone")),
        ("position-HFDR", _("Head first, on the right side")),
        ("position-HFDL", _("Head first, on the left side")),
        ("position-FFDR", _("Feet first, on the right side")),
        ("position-FFDL", _("Feet first, on the left side")),
        ("position-none", ""),
    ]


def _lists() -> list[tuple[str, str]]:
    return [
        ("prescribed", _("Prescribed {gy} Gy")),
        ("highest", _("highest {gy} Gy")),
        ("distance", _("{mm} mm")),
        ("first-point", _("The first point is here. Move the crosshair and press M again.")),
        ("rulers-gone", _("The distances are away.")),
        ("levels-prescription", _("Prescription")),
        ("levels-auto", _("Steps")),
        ("levels-own", _("Own")),
        ("levels-wrong", _("No level: {words}. Write Gy or %, as in 20; 38.05; 95%.")),
        ("levels-kept", _("Your levels are kept.")),
        ("levels-not-kept", _("Shown, but not kept: the bank could not be reached.")),
        ("empty", _("Nothing is drawn.")),
        ("empty-mark", _("empty")),
        ("go", _("Go")),
        ("more", _("More")),
        ("choose", _("Choose {name} and go there")),
        ("structure", _("Structure")),
        ("none", _("none")),
        ("second", _("second")),
        ("stored", _("Gy. Stored DVH, planbank {algorithm}.")),
        ("no-dvh", _("No DVH has been calculated for this dose.")),
        ("state-bad", _("Needs a fix")),
        ("state-warn", _("Please look")),
        ("state-info", _("To know")),
        ("state-ok", _("All well")),
        ("state-idle", _("Waiting")),
        ("no-findings", _("Nothing wrong was found.")),
        ("go-there", _("Go there")),
    ]


def _frames() -> list[tuple[str, str]]:
    return [
        ("own-frame", _("own frame of reference")),
        ("elsewhere-short", _("another frame of reference")),
        (
            "elsewhere",
            _(
                "This image has a frame of reference of its own. Structures, dose and beams lie on another "
                "one and are not drawn on it."
            ),
        ),
        ("partly-elsewhere", _("Not drawn, as they lie on another frame of reference: {names}.")),
        (
            "not-linked",
            _("The two plans lie on different frames of reference: they are not moved together."),
        ),
        ("other-not-there", _("You may not see the other plan, or it does not exist.")),
    ]
