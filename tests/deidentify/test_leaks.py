"""No canary gets through, no reference is lost, no two copies share anything (R104, R111, R188)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydicom._dicom_dict import DicomDictionary
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from planbank.deidentify.keys import CopyKey
from planbank.deidentify.profiles import PROFILES
from planbank.deidentify.template import template_of
from planbank.deidentify.words import Words
from planbank.errors import Refused
from tests.deidentify import objects, planting, verifier

SECRET = bytes(range(32))
SYNTAXES = [
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
]
ORIGINALS = [*planting.CANARIES, objects.ROOT, objects.CPR, objects.CPR.replace("-", ""), "Sørensen", "Bodil"]
ORIGINALS += ["Holm", "Aksel", "Vejle", "20190517", "19190517", "20190520", "ACC-7788", "Nordlys"]
CODED = ("CS", "DS", "IS", "US", "UL", "FL", "FD", "SS", "SL", "TM", "AS", "AT", "OB", "UN")
WORDS = {True: planting.WORD.encode() + b" ", False: f"{planting.WORD} {planting.WORD} ".encode()}
CHARSET = 0x00080005
NUMBERS = (0x30060050, 0x30040058, 0x7FE00010, 0x00200032, 0x3004000E, 0x300A0082, 0x300A0086, 0x300600C6)


def copied(raw: bytes, number: int = 1, profile: str = "audit", words: Words | None = None) -> bytes:
    template = template_of(raw, PROFILES[profile], words or Words())
    return template.render(CopyKey(SECRET, number))


MAKERS = (objects.structure_set, objects.plan, objects.dose, objects.registration, objects.first_ct)


@pytest.mark.parametrize("maker", MAKERS)
def test_no_canary_comes_through(maker: Callable[[], Dataset]) -> None:
    """Text, names, dates, UIDs, sequences, private, unknown, overlays, meta header, preamble."""
    raw = planting.file_with_canaries(planting.planted_of(maker), ExplicitVRLittleEndian)
    assert raw.count(planting.WORD.encode()) > 3000
    for profile in PROFILES:
        file = verifier.read(copied(raw, profile=profile))
        assert verifier.leaks([file], ORIGINALS) == []
        assert verifier.lint(file) == []


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_no_canary_comes_through_in_any_encoding(syntax: str) -> None:
    """Images in four encodings; and where no VR is known, all of it as UN."""
    for unknown in {False, syntax == ExplicitVRLittleEndian}:
        ds = planting.planted_of(objects.first_ct, unknown)
        file = verifier.read(copied(planting.file_with_canaries(ds, syntax)))
        assert file.syntax == syntax
        assert verifier.leaks([file], ORIGINALS) == []
        assert verifier.lint(file) == []


@pytest.mark.parametrize("maker", MAKERS[:3])
def test_no_coded_string_and_no_number_carries_a_word(maker: Callable[[], Dataset]) -> None:
    """Letters in every element that shall hold a term or a number: left out, or the file is refused.

    Refused are those that the object must have; each is tried alone, told by its keyword, and the
    others go on without it.
    """
    tags = {
        tag: row
        for tag, row in DicomDictionary.items()
        if row[0] in CODED and tag >> 16 >= 8 and tag != CHARSET
    }
    refused: set[str] = set()
    while True:
        ds = maker()
        with objects.careless():
            for tag, row in tags.items():
                if row[4] not in refused and tag not in objects.NEEDED:
                    ds.add_new(tag, "UN", WORDS[row[0] == "CS"])
        try:
            file = verifier.read(copied(objects.written(ds, ImplicitVRLittleEndian)))
        except Refused as exc:
            assert planting.WORD not in str(exc)
            named = {row[4] for row in tags.values() if f" {row[4]} holds" in str(exc)}
            assert named and not named & refused
            refused |= named
            continue
        assert verifier.leaks([file], [planting.WORD]) == []
        assert len(refused) < 40
        return


def test_a_sequence_hidden_in_an_unknown_value_is_gone_through() -> None:
    """References in it lead where they led, names in it are gone (PS3.5, section 6.2.2)."""
    before, after = [], []
    for ds in (objects.structure_set(), objects.dose(), objects.ct(1)):
        hidden = planting.hidden_sequence(ds, 0x30060020) if "StructureSetROISequence" in ds else ds
        if "ROIContourSequence" in ds:
            hidden = planting.hidden_sequence(hidden, 0x30060039)
        after.append(verifier.read(copied(objects.written(hidden))))
        before.append(verifier.read(objects.written(ds)))
    assert verifier.dangling(before, after) == []
    assert verifier.leaks(after, ORIGINALS) == []
    assert verifier.kept(before[0], after[0], [0x30060050, 0x30060022]) == []


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_every_reference_leads_where_it_led_and_every_number_is_what_it_was(syntax: str) -> None:
    raws = [
        objects.written(ds, syntax)
        for ds in objects.whole_set()
        if syntax != ExplicitVRBigEndian or _no_pixels(ds)
    ]
    before = [verifier.read(raw) for raw in raws]
    after = [verifier.read(copied(raw)) for raw in raws]
    assert verifier.dangling(before, after) == []
    for old, new in zip(before, after, strict=True):
        assert verifier.kept(old, new, NUMBERS) == []
        assert verifier.lint(new) == []
    assert verifier.leaks(after, ORIGINALS) == []


def _no_pixels(ds: Dataset) -> bool:
    return "PixelData" not in ds


@pytest.mark.parametrize("count", [2, 10, 100])
def test_copies_share_nothing_with_each_other_or_with_the_originals(count: int) -> None:
    raws = [objects.written(ds) for ds in objects.whole_set()]
    templates = [template_of(raw, PROFILES["audit"], Words()) for raw in raws]
    keys = [CopyKey(SECRET, number) for number in range(1, count + 1)]
    sets = [[verifier.read(raw) for raw in raws]]
    sets += [[verifier.read(template.render(key)) for template in templates] for key in keys]
    assert verifier.collisions(sets) == []
    for files in sets[1:]:
        assert verifier.dangling(sets[0], files) == []
        assert verifier.leaks(files, ORIGINALS) == []


def test_the_verifier_finds_what_is_wrong() -> None:
    """It would see a leak, a lost reference, a shared identity and a breach."""
    raw = objects.written(objects.plan())
    file, copy = verifier.read(raw), verifier.read(copied(raw))
    assert "Sørensen" in verifier.leaks([file], ORIGINALS)
    assert verifier.collisions([[file], [file]]) and verifier.collisions([[copy], [copy]])
    lost = objects.plan()
    del lost.ReferencedStructureSetSequence
    assert verifier.dangling([file], [verifier.read(copied(objects.written(lost)))])
    assert verifier.lint(verifier.read(planting.file_with_canaries(objects.plan(), ExplicitVRLittleEndian)))
