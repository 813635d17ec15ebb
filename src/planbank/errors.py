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


class ServiceUnknown(PlanbankError):
    """There is no service of this name; nothing was changed."""


class KeyMissing(PlanbankError):
    """A key that is needed here is missing."""


class KeysBusy(PlanbankError):
    """Another command changes the keys at this moment; nothing was changed by this one."""


class KeyInUse(PlanbankError):
    """Nothing was changed: this key is in use."""


class AuditTargetWrong(PlanbankError):
    """The address for audit messages cannot be used."""


class JournalCut(PlanbankError):
    """The journal does not agree with the last head of it that was signed."""


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


class DicomTruncated(DicomError):
    """An element claims more bytes than there are."""


class DicomMalformed(DicomError):
    """The data set breaks the encoding rules of DICOM."""


class DicomTooDeep(DicomError):
    """Sequences are nested deeper than any real object."""


class DicomTooMany(DicomError):
    """The data set holds more items or elements than any real object."""


class DicomTooLong(DicomError):
    """The data set, or its header, is longer than what is read here."""


class DicomUnsupported(DicomError):
    """The object cannot be used for what was asked."""


class MetricError(PlanbankError):
    """This is no metric."""


class UploadError(PlanbankError):
    """The upload cannot go on."""


class TokenRefused(PlanbankError):
    """The token cannot be made."""


class ConditionError(PlanbankError):
    """The condition cannot be used."""


class ExpressionError(PlanbankError):
    """This is no derived structure."""


class NamingError(PlanbankError):
    """The dictionary cannot be changed so."""


class ConstraintError(PlanbankError):
    """A constraint that cannot be understood, or cannot be added."""


class AnalysisError(PlanbankError):
    """The plan for analysis cannot be decided so."""


class StatisticsError(PlanbankError):
    """The numbers cannot be had so."""


class NoDvhError(PlanbankError):
    """The files do not give a DVH."""


class ExportError(PlanbankError):
    """A settings export cannot be written or read, or does not fit this bank."""


class MoveError(PlanbankError):
    """A bank cannot be copied to that place."""


class RebuildError(PlanbankError):
    """What the archive holds cannot be registered again as things stand."""


class SendError(PlanbankError):
    """Objects could not be sent."""


class NoLine(SendError):
    """The destination could not be reached."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail)
        self.code = code


class GateError(PlanbankError):
    """The gate could not go on with an association."""


class ProtocolBroken(GateError):
    """The peer broke the DICOM upper layer protocol."""

    def __init__(self, detail: str = "", reason: int = 0) -> None:
        """`reason` is the A-ABORT reason the peer is told (PS3.8 Table 9-26)."""
        super().__init__(detail)
        self.reason = reason


class PeerGone(GateError):
    """The peer closed the connection."""


class PeerAborted(GateError):
    """The peer aborted the association."""


class PeerReleased(GateError):
    """The peer asked to release the association."""


class PeerSlow(GateError):
    """The peer let a deadline pass."""


class ObjectRefused(GateError):
    """An object was refused."""

    def __init__(self, status: int, detail: str) -> None:
        """`status` is the C-STORE status the peer is told (PS3.4 Table B.2-1)."""
        super().__init__(detail)
        self.status = status


class CertificateUnusable(PlanbankError):
    """This is not a certificate that can be used."""


class CertificateThere(PlanbankError):
    """There is such a certificate already; nothing was changed."""


class SenderTaken(PlanbankError):
    """This AE title is registered at this address already."""


class AlreadyDecided(PlanbankError):
    """Somebody decided about these files before."""


class CountDiffers(PlanbankError):
    """The number typed is not the number of files."""

    def __init__(self, files: int) -> None:
        """`files` is how many there are now."""
        super().__init__()
        self.files = files


class PeerUnproven(GateError):
    """The peer did not prove who it is."""


class AnswerEnded(PlanbankError):
    """What this answer rests on ended while it was sent. What came so far is not the whole."""


class ChangedMeanwhile(PlanbankError):
    """Somebody else changed this since you opened it."""


class ProtocolError(PlanbankError):
    """This cannot be done in the protocol."""


class IdentityError(PlanbankError):
    """Who is who cannot be changed so."""


class SheetError(PlanbankError):
    """The table cannot be read."""


class DeliveryError(PlanbankError):
    """This cannot be forwarded."""


class ErasureError(PlanbankError):
    """This erasure cannot be taken on."""


class AccessError(PlanbankError):
    """This right cannot be given."""


class ReportFailed(GateError):
    """A report could not be sent."""


class ReportRefused(ReportFailed):
    """The sender refused a report."""


class DeidentifyError(PlanbankError):
    """No copy was made."""


class Refused(PlanbankError):
    """This file cannot be made safe."""
