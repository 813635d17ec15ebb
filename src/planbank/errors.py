"""Every error of the house. The first line of a class's docstring is its message.

Comes in: nothing. Goes out: the exceptions every other room raises, so that a page, a
command or a log line can say in plain words what happened, what is safe and what to do.
"""

from __future__ import annotations


class PlanbankError(Exception):
    """planbank could not do what was asked."""

    def __init__(self, detail: str = "") -> None:
        message = (type(self).__doc__ or "").strip().splitlines()[0]
        super().__init__(f"{message} {detail}".strip() if detail else message)
        self.detail = detail


class SettingsError(PlanbankError):
    """A setting is missing or has a value that cannot be used."""


class HomeError(PlanbankError):
    """The home folder cannot be used."""


class DatabaseUnavailable(PlanbankError):
    """The database does not answer."""


class KeyMissing(PlanbankError):
    """A key that is needed here is missing."""


class ParcelError(PlanbankError):
    """A parcel in the transit area cannot be trusted."""


class ParcelUnsigned(ParcelError):
    """The parcel carries no signature of a known depositor."""


class ParcelDamaged(ParcelError):
    """The parcel is truncated or was changed after it was sealed."""


class ParcelUnreadable(ParcelError):
    """The parcel was sealed for a key that is not here."""


class ParcelMissing(ParcelError):
    """There is no such parcel."""


class StoreError(PlanbankError):
    """The archive could not keep or give back an object."""


class ObjectMissing(StoreError):
    """The archive does not hold this object."""


class DicomError(PlanbankError):
    """The data are not DICOM that can be read."""


class SendError(PlanbankError):
    """Objects could not be sent."""
