"""The middle slice on a plan's page (R97, R100; security.md, IDOR)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from planbank.catalogue.models import PlanSet
from planbank.house import House
from planbank.people.models import Affiliation, Institution, User
from planbank.web.pages.slice.drawing import drawing_of
from tests.made import thinned
from tests.sending import register_sender
from tests.services.running import run_everything
from tests.services.test_order import send


@pytest.fixture
def plan_set(bank: House) -> PlanSet:
    register_sender("OUH")
    for ds in thinned("prostate"):
        send(bank, ds)
    run_everything(bank)
    return PlanSet.objects.get()


def client_of(code: str) -> Client:
    institution, _ = Institution.objects.get_or_create(code=code, defaults={"name": code})
    user = User.objects.create_user(username=f"u-{code.lower()}", name=code)
    Affiliation.objects.create(user=user, institution=institution, since=datetime(2020, 1, 1, tzinfo=UTC))
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_my_institution_sees_the_picture_and_no_browser_keeps_it(plan_set: PlanSet) -> None:
    answer = client_of("OUH").get(f"/plans/{plan_set.pk}/slice.png")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/png" and answer["Cache-Control"] == "no-store"
    assert answer.content.startswith(b"\x89PNG")


def test_hidden_and_absent_answer_alike(plan_set: PlanSet) -> None:
    other = client_of("AUH")
    hidden, absent = other.get(f"/plans/{plan_set.pk}/slice.png"), other.get("/plans/999999/slice.png")
    assert hidden.status_code == absent.status_code == 404
    assert Client().get(f"/plans/{plan_set.pk}/slice.png").status_code == 302


def test_the_drawing_lies_within_the_picture(bank: House, plan_set: PlanSet) -> None:
    drawing = drawing_of(bank, plan_set, {"PTV"})
    assert drawing is not None
    assert drawing.structures and drawing.isodoses
    assert all(line.path.startswith("M") and line.colour.startswith("#") for line in drawing.structures)
    numbers = [
        float(n) for line in drawing.isodoses for n in line.path.replace("M", " ").replace("L", " ").split()
    ]
    assert min(numbers) >= 0 and max(numbers) <= max(drawing.width, drawing.height)


def test_without_images_there_is_no_drawing(bank: House) -> None:
    register_sender("OUH")
    for ds in thinned("prostate"):
        if ds.Modality != "CT":
            send(bank, ds)
    run_everything(bank)
    assert drawing_of(bank, PlanSet.objects.get(), ()) is None
