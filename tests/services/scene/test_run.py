"""Bundles through the pipeline: what is missing is said, what is shared is kept once, what goes is gone
(R28, R97, R121, R204)."""

from __future__ import annotations

from pathlib import Path

from django.db import transaction

from planbank.catalogue.models import Instance, PlanSet, Scene, ScenePart, Series
from planbank.house import House
from planbank.services.erase.bytes import remove_bytes
from planbank.services.erase.rows import Going, remove_rows
from planbank.services.scene import ask
from planbank.services.scene.forget import erase_unneeded, keys_of
from planbank.web.pages.scene import missing
from planbank.web.pages.scene.bundles import Opened
from tests.sending import register_sender
from tests.services.running import run_everything
from tests.services.test_order import send, thinned
from tests.services.test_real_sets import submit, unpacked


def made(bank: House) -> Scene:
    for plan_set in PlanSet.objects.all():
        ask(plan_set, bank.clock.now())
    run_everything(bank)
    return Scene.objects.order_by("pk").last() or Scene()


def derived(bank: House) -> set[str]:
    """What lies in the archive for pages."""
    return set(bank.store.keys("derived/"))


def test_one_image_of_98_is_drawn_with_its_dose_and_contours_and_the_gap_is_said(
    bank: House, shared_data: Path, tmp_path: Path
) -> None:
    register_sender()
    submit(bank, unpacked(shared_data, "breast-boost-dicompyler", tmp_path / "set"))
    opened = Opened.of(bank, made(bank))
    assert opened is not None
    (image,) = opened.about["images"]
    assert len(image["slices"]) == 1
    lacks = missing.lacking([image])["i0"]
    assert lacks["expected"] == 98
    assert opened.about["doses"][0]["max"] > 10
    (structures,) = opened.about["structures"]
    assert {structures["frame"], image["frame"], opened.about["doses"][0]["frame"]} == {"f0"}
    assert sum(map(len, opened.contours(structures).values())) > 300


def test_nothing_is_made_twice_and_an_erasure_leaves_nothing(bank: House) -> None:
    register_sender("OUH")
    for ds in thinned("prostate"):
        send(bank, ds)
    run_everything(bank)
    assert not Scene.objects.exists(), "until the sender is quiet, or somebody looks"
    before = derived(bank)
    first = made(bank)
    keys = derived(bank)
    assert set(first.parts.values_list("key", flat=True)) == keys - before
    again = made(bank)
    assert (again.digest, again.made_at, derived(bank)) == (first.digest, first.made_at, keys)
    plan_set = PlanSet.objects.get()
    going = Going.of(plan_set.patient_file, Instance.objects.all())
    work = remove_rows(bank, going, bank.clock.now())
    remove_bytes(bank, work)
    assert not ScenePart.objects.exists() and not derived(bank)


def test_parts_that_another_plan_needs_stay(bank: House) -> None:
    register_sender("OUH")
    for ds in thinned("prostate"):
        send(bank, ds)
    run_everything(bank)
    scene = made(bank)
    twin = PlanSet.objects.get()
    twin.pk, twin.sop_instance_uid = None, "1.2.3"
    twin.save()
    other = Scene.objects.create(plan_set=twin, digest="1" * 64)
    shared = scene.parts.get(name="i0.bin").key
    ScenePart.objects.create(scene=other, name="i0.bin", key=shared)
    keys = keys_of(Scene.objects.filter(pk=scene.pk))
    with transaction.atomic():
        scene.delete()
    assert erase_unneeded(bank, keys) == len(keys) - 1
    assert bank.store.exists(shared)
    assert Series.objects.exists()
