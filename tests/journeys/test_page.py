"""To the page in a real browser: who sees what was sent, and who does not (R10, R194; ui.md)."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydicom.dataset import FileDataset

from planbank.demo.patients import SyntheticPatient, make_patient, part10
from tests.journeys.browse import Person, crawl, people
from tests.journeys.live import Live

PASSWORD = "correct horse battery staple"
EVERYBODY = {"overview", "account", "account_change_password", "quarantine"}
REACHED = {
    "nobody": {"account_login"},
    "physicist": EVERYBODY
    | {"patients", "patient", "series", "instance", "plans", "plan", "arrivals", "association", "search"},
    "admin": EVERYBODY
    | {"services", "senders", "sender", "sender-new", "quarantine-release", "quarantine-delete"},
}
Seat = Callable[[], Person]


@dataclass(frozen=True)
class Bank:
    """A running bank: one patient of OUH, an object of an unknown sender; everybody has a password."""

    live: Live
    patient: SyntheticPatient
    folder: Path

    def send(self, objects: list[FileDataset], calling: str) -> int:
        """Send; how many parcels lie in quarantine once everything is dealt with."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        for number, ds in enumerate(objects):
            (folder / f"{number:04d}.dcm").write_bytes(part10(ds))
        # A sender that never asks twice: what waits in quarantine is counted by arrivals.
        command = ["dcmsend", "-aet", calling, "-aec", "PLANBANK", "+sd", "127.0.0.1"]
        subprocess.run([*command, str(self.live.dicom_port), str(folder)], check=True, capture_output=True)
        return self.live.settled()["quarantined"]


@pytest.fixture(scope="module")
def bank(live: Live, tmp_path_factory: pytest.TempPathFactory) -> Bank:
    for username in ("jens", "admin"):
        live.set_password(username, PASSWORD)
    found = Bank(
        live, make_patient("head-and-neck", seed=7, institution="OUH"), tmp_path_factory.mktemp("sent")
    )
    found.send(found.patient.objects, "DEMO_TPS")
    found.send(make_patient("prostate", seed=8).objects[:1], "LOST_CT")
    return found


@pytest.fixture(scope="module")
def seat(live: Live) -> Iterator[Seat]:
    """A browser for each person; at the end none of them complained or went elsewhere."""
    with people(live.url) as seat:
        yield seat


@pytest.fixture(scope="module")
def physicist(bank: Bank, seat: Seat) -> Person:
    """Mette follows her one-time link, sets a password, signs in."""
    person = seat()
    person.open(bank.live.links["mette"].removeprefix(bank.live.url))
    assert person.axe() == []
    person.page.fill("input[name=new_password1]", PASSWORD)
    person.page.fill("input[name=new_password2]", PASSWORD)
    person.page.click("form button.primary")
    person.page.wait_for_load_state()
    person.sign_in("mette", PASSWORD)
    return person


@pytest.fixture(scope="module")
def admin(bank: Bank, seat: Seat) -> Person:
    person = seat()
    person.sign_in("admin", PASSWORD)
    return person


@pytest.fixture(scope="module")
def way(bank: Bank, physicist: Person) -> dict[str, str]:
    """The addresses from the list of patients down to one object, as a physicist clicks through."""
    found = {}
    text = physicist.open("/patients/")
    assert bank.patient.patient_id in text
    text = physicist.follow(bank.patient.patient_id)
    found["patient"] = physicist.page.url
    assert bank.patient.name.split("^")[0] in text
    text = physicist.follow("RTDOSE")
    found["series"] = physicist.page.url
    assert "RTDOSE" in text
    physicist.page.locator("main tbody a[href*='/instances/']").first.click()
    physicist.page.wait_for_load_state()
    found["instance"] = physicist.page.url
    assert "RTDOSE" in physicist.text() or "RT Dose" in physicist.text()
    return {name: url.removeprefix(bank.live.url) for name, url in found.items()}


def test_a_physicist_sees_what_was_sent_down_to_the_object(way: dict[str, str]) -> None:
    assert [path.split("/")[1] for path in way.values()] == ["patients", "series", "instances"]


def test_everything_that_arrived_is_on_the_page_of_arrivals(bank: Bank, physicist: Person) -> None:
    assert "DEMO_TPS" in physicist.open("/arrivals/")
    assert str(len(bank.patient.objects)) in physicist.text()


def test_another_institution_does_not(bank: Bank, way: dict[str, str], seat: Seat) -> None:
    """The same answer as for what does not exist."""
    jens = seat()
    jens.sign_in("jens", PASSWORD)
    assert bank.patient.patient_id not in jens.open("/patients/")
    for path in way.values():
        assert jens.status(path) == 404, path
        absent = jens.page.context.request.get(f"{jens.site}{path.rsplit('/', 2)[0]}/999999/")
        hidden = jens.page.context.request.get(f"{jens.site}{path}")
        assert (absent.status, _body(absent.text())) == (hidden.status, _body(hidden.text()))


def _body(page: str) -> str:
    """A page without what differs each time (form tokens)."""
    return "\n".join(line for line in page.splitlines() if "csrfmiddlewaretoken" not in line)


def test_nobody_sees_anything(way: dict[str, str], seat: Seat) -> None:
    nobody = seat()
    for path in ("/", "/patients/", "/services/", *way.values()):
        assert nobody.status(path) == 302, path


def test_the_system_administrator_sees_services_and_no_patient(
    bank: Bank, admin: Person, way: dict[str, str]
) -> None:
    for path in ("/patients/", "/arrivals/", *way.values()):
        assert admin.status(path) == 404, path
    assert "analyse" in admin.open("/services/").lower()
    names = [bank.patient.patient_id, *bank.patient.name.split("^")]
    for _page in crawl(admin):
        content = admin.page.content()
        assert [name for name in names if name in content] == []


def test_an_unknown_sender_is_released_registered_and_then_trusted(
    bank: Bank, admin: Person, physicist: Person
) -> None:
    """R10, R194: quarantine, release with registering, visible; the next set comes straight in."""
    stranger = make_patient("prostate", seed=9, institution="OUH")
    before = bank.live.status()["quarantined"]
    assert bank.send(stranger.objects, "NEW_CT") == before + len(stranger.objects)
    assert stranger.patient_id not in physicist.open("/patients/")

    text = admin.open("/quarantine/")
    assert "NEW_CT" in text
    assert stranger.patient_id not in admin.page.content()
    admin.page.locator("main tr", has_text="NEW_CT").get_by_role("link", name="Release").click()
    admin.page.select_option("select[name=institution]", label="OUH, Odense University Hospital")
    assert admin.page.is_checked("input[name=register]")
    admin.page.click("form.ask button")
    admin.page.wait_for_load_state()

    assert bank.live.settled()["quarantined"] == before
    assert stranger.patient_id in physicist.open("/patients/")
    assert "NEW_CT" in admin.open("/senders/")
    trusted = make_patient("breast", seed=10, institution="OUH").objects[-3:]
    assert bank.send(trusted, "NEW_CT") == before


@pytest.mark.parametrize("who", ["nobody", "physicist", "admin"])
def test_axe_finds_nothing_on_any_page(
    bank: Bank, seat: Seat, way: dict[str, str], who: str, request: pytest.FixtureRequest
) -> None:
    """Every page that somebody can reach, light and dark, wide and narrow."""
    person = seat() if who == "nobody" else request.getfixturevalue(who)
    found = {name: person.axe() for name in crawl(person)}
    assert {name: faults for name, faults in found.items() if faults} == {}
    assert set(found) >= REACHED[who], "the way through the site became shorter"
