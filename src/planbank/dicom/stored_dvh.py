"""DVHs that the planning system stored in its RT dose.

Comes in: the encoded data set of an RT dose. Goes out: `StoredDvh`s, as written: their units
are what the system says, which is not always true (R82). Source: DICOM PS3.3 section C.8.8.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planbank.dicom.contours import decimal_strings
from planbank.dicom.items import Item, read_items

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class StoredDvh:
    """One stored DVH, as a cumulative curve.

    Attributes:
        roi_numbers: ROIs it belongs to, those that are included.
        doses: (n + 1,) the edges of the bins in `dose_units` ('GY', 'RELATIVE'), from 0.
        volumes: (n + 1,) volume that receives at least that dose, in `volume_units` ('CM3',
            'PERCENT', 'PER_U'); the last one is 0.
        normalisation: DVH Normalization Dose Value, what RELATIVE doses refer to (Gy); or None.
        minimum, maximum, mean: as written, in `dose_units`; None where absent.
    """

    roi_numbers: tuple[int, ...]
    dose_units: str
    dose_type: str
    volume_units: str
    doses: NDArray[np.float64]
    volumes: NDArray[np.float64]
    minimum: float | None
    maximum: float | None
    mean: float | None
    normalisation: float | None = None


def stored_dvhs(data: bytes | memoryview, transfer_syntax_uid: str) -> list[StoredDvh]:
    """The DVHs stored in an RT dose; those that cannot be read are left out."""
    ds = read_items(data, transfer_syntax_uid)
    reference = ds.number("DVHNormalizationDoseValue")
    return [dvh for item in ds.each("DVHSequence") if (dvh := _read(item, reference)) is not None]


def _read(item: Item, normalisation: float | None) -> StoredDvh | None:
    values = decimal_strings(item.raw("DVHData"))
    if values is None or len(values) < 2 or len(values) % 2:
        return None
    widths, volumes = values[0::2] * (item.number("DVHDoseScaling") or 1.0), values[1::2]
    if item.text("DVHType").upper() == "DIFFERENTIAL":
        volumes = np.cumsum(volumes[::-1])[::-1]
    elif item.text("DVHType").upper() == "NATURAL":
        return None  # a histogram over a transformed axis (PS3.3, C.8.8.4), which no dose can be read from
    rois = (
        roi.integer("ReferencedROINumber")
        for roi in item.each("DVHReferencedROISequence")
        if roi.text("DVHROIContributionType").upper() != "EXCLUDED"
    )
    return StoredDvh(
        roi_numbers=tuple(number for number in rois if number is not None),
        dose_units=item.text("DoseUnits").upper(),
        dose_type=item.text("DoseType").upper(),
        volume_units=item.text("DVHVolumeUnits").upper(),
        doses=np.concatenate(([0.0], np.cumsum(widths))),
        volumes=np.append(volumes, 0.0),
        minimum=item.number("DVHMinimumDose"),
        maximum=item.number("DVHMaximumDose"),
        mean=item.number("DVHMeanDose"),
        normalisation=normalisation,
    )
