"""Real sets packed and opened again: complete ones, other modalities, dangling references (R97, R100)."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from planbank.dicom.dose_grid import read_dose
from planbank.dicom.encoding import split_file
from planbank.dicom.headers import scan
from planbank.dicom.images import read_image
from planbank.dicom.items import read_items
from planbank.dicom.pixels import frames_of
from planbank.dicom.plan import read_plan
from planbank.dicom.structure_set import read_structure_set
from planbank.errors import DicomError
from planbank.scene.bundle.beams import pack_beams
from planbank.scene.bundle.contours import pack_structures
from planbank.scene.bundle.doses import WITHIN, pack_dose
from planbank.scene.bundle.images import pack_images
from planbank.scene.bundle.opened import Volume, axes_in, open_contours, open_dose
from planbank.scene.bundle.parts import Packed

Encoded = tuple[bytes, str]


@dataclass
class RealSet:
    """The objects of a set by modality."""

    by_kind: dict[str, list[Encoded]] = field(default_factory=dict)

    @classmethod
    def of(cls, archive: Path) -> RealSet:
        found = cls()
        with tarfile.open(archive) as tar:
            for member in tar:
                stream = tar.extractfile(member) if member.isfile() else None
                try:
                    syntax, data = split_file(stream.read() if stream else b"")
                    kind = scan(data, syntax).modality
                except DicomError:
                    continue
                found.by_kind.setdefault(kind, []).append((bytes(data), syntax))
        return found

    def images(self, kind: str) -> Packed:
        pack = pack_images([partial(lambda one: one, one) for one in self.by_kind[kind]])
        assert not pack.refused
        (only,) = pack.items
        return only

    def structures(self) -> list[Packed]:
        return [
            packed
            for one in self.by_kind["RTSTRUCT"]
            for packed in pack_structures(read_structure_set(*one)).items
        ]


def volume_of(packed: Packed) -> Volume:
    return Volume(packed.about, lambda offset, length: packed.blob[offset : offset + length])


def test_alderson_is_whole_and_says_what_its_objects_say(shared_data: Path) -> None:
    found = RealSet.of(shared_data / "alderson-pelvis-vmat-raystation.tar.xz")
    image = found.images("CT")
    assert len(image.about["slices"]) == 160 and image.about["unit"] == "HU"
    assert np.allclose(np.diff(image.about["positions"]), 2.0)
    placed = {read_image(*one).position: one for one in found.by_kind["CT"]}
    at = float(np.dot(image.about["normal"], image.about["origin"])) + image.about["positions"][77]
    plane = read_image(*placed[at])
    assert plane.rows and plane.columns
    stored = frames_of(read_items(*placed[at]), (1, plane.rows, plane.columns), placed[at][1])[0]
    assert (volume_of(image).slice(77) == stored * plane.slope + plane.intercept).all()
    (structures,) = found.structures()
    dose = read_dose(*found.by_kind["RTDOSE"][0])
    packed = pack_dose([dose], [1.0])
    beams = pack_beams(read_plan(*found.by_kind["RTPLAN"][0]))
    assert image.frame == structures.frame == packed.frame == beams.frame
    opened = open_dose({**packed.about, "frame": "f0"}, packed.blob)
    assert np.abs(opened.values - dose.values).max() <= WITHIN
    drawn = read_structure_set(*found.by_kind["RTSTRUCT"][0])
    for number, contours in open_contours(structures.about, structures.blob).items():
        theirs = [c for c in drawn.roi(number).contours if len(c) >= 3]
        assert len(contours) == len(theirs)
        assert all(np.abs(a - b).max() <= 0.0101 for a, b in zip(contours, theirs, strict=True))


def test_prostate_has_dose_and_no_beams(shared_data: Path) -> None:
    found = RealSet.of(shared_data / "slicerrt-eclipse-prostate-rebuilt.tar.xz")
    image, (structures,) = found.images("CT"), found.structures()
    assert len(image.about["slices"]) == 92 and len(structures.about["rois"]) == 6
    assert pack_beams(read_plan(*found.by_kind["RTPLAN"][0])).about == {"beams": []}
    packed = pack_dose([read_dose(*found.by_kind["RTDOSE"][0])], [1.0])
    assert packed.about["max"] == pytest.approx(47.08, abs=0.01) and packed.about["dtype"] == "uint16"


def test_mr_and_pet_are_volumes_with_windows_of_their_own(shared_data: Path) -> None:
    found = RealSet.of(shared_data / "sts002-ct-mr-pet-rtstruct.tar.xz")
    sizes = {kind: len(found.images(kind).about["slices"]) for kind in ("CT", "MR", "PT")}
    assert sizes == {"CT": 48, "MR": 35, "PT": 48}
    for kind in ("MR", "PT"):
        image = found.images(kind)
        assert image.about["windows"][0]["key"] == "own" and image.about["unit"] == ""
    one = found.by_kind["PT"][20]
    plane = read_image(*one)
    pet = found.images("PT")
    assert plane.rows and plane.columns and plane.position is not None
    stored = frames_of(read_items(*one), (1, plane.rows, plane.columns), one[1])[0]
    start = float(np.dot(pet.about["normal"], pet.about["origin"]))
    number = int(np.argmin(np.abs(np.array(pet.about["positions"]) + start - plane.position)))
    wanted = stored * plane.slope + plane.intercept
    assert np.abs(volume_of(pet).slice(number) - wanted).max() <= pet.about["slope"], "within one step"


def test_contours_lie_on_slices_by_position_though_no_reference_leads_anywhere(shared_data: Path) -> None:
    found = RealSet.of(shared_data / "dcpt-headphantom-proton-nodose.tar.xz")
    image, (structures,) = found.images("CT"), found.structures()
    drawn = read_structure_set(*found.by_kind["RTSTRUCT"][0])
    named = {uid for roi in drawn.rois for uid in roi.contours.image_uids if uid}
    here = {read_image(*one).sop_instance_uid for one in found.by_kind["CT"]}
    assert not named & here and "RTDOSE" not in found.by_kind
    axes, origin = axes_in(image.about), np.array(image.about["origin"])
    positions = np.array(image.about["positions"])
    half = float(np.diff(positions).min()) / 2
    for contours in open_contours(structures.about, structures.blob).values():
        heights = np.array([float(((points - origin) @ axes.normal).mean()) for points in contours])
        assert np.abs(heights[:, None] - positions[None, :]).min(axis=1).max() <= half
    beams = pack_beams(read_plan(*found.by_kind["RTPLAN"][0])).about["beams"]
    assert [beam["kind"] for beam in beams] == ["PBS"] * 3
