"""A running bank on which half a year can be lived through: real processes, a clock that is set forward.

Comes in: a folder. Goes out: the bank with a mail server and a proton node beside it, both on sockets of
their own; objects sent each over an association of its own.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psycopg
from pydicom.dataset import Dataset

from planbank.demo.patients import make_patient
from planbank.embedded import socket_url
from tests.gate.raw_peer import EXPLICIT, SUCCESS, Part10, send_object
from tests.journeys.cluster import lay
from tests.journeys.live import Browser, Live
from tests.mail_server import Taken, mail_server
from tests.sending import encoded
from tests.services.forward.peers import Receiver

ROI = "DBCG_PROTON"
PASSWORD = "a long enough password"
SITE = Path(__file__).with_name("site.toml")
OUH, VLE = "tps@ouh.example", "tps@vle.example"
HALF_AN_HOUR = 31.0  # minutes: longer than the bank waits for more by itself


@dataclass
class ByItself:
    """The bank, what its mail server took, the node that it forwards to."""

    bank: Live
    mails: Taken
    node: Receiver
    offset: timedelta = timedelta(0)
    signed_in: dict[str, Browser] = field(default_factory=dict)

    # --- time

    def later(self, **span: float) -> None:
        """Set the clock of every process forward."""
        self.offset += timedelta(**span)
        file = Path(self.bank.env["PLANBANK_CLOCK_FILE"])
        new = file.with_suffix(".new")
        new.write_text(str(self.offset.total_seconds()))
        new.rename(file)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def settings(self, more: str = "") -> None:
        """Apply the site anew (what lapsed meanwhile is given again), and what a journey adds."""
        year = (self.now() + timedelta(days=360)).date().isoformat()
        text = SITE.read_text().replace("NODE_PORT", str(self.node.port)).replace("IN_A_YEAR", year)
        self.bank.apply(text + more)

    # --- people and rows

    def person(self, name: str) -> Browser:
        """Whoever signs in, once for all journeys."""
        if name not in self.signed_in:
            self.signed_in[name] = self.bank.sign_in(name, PASSWORD)
        return self.signed_in[name]

    def api(self, path: str, token: str) -> tuple[int, str]:
        """What the API answers to a token."""
        request = Request(f"{self.bank.url}{path}", headers={"Authorization": f"Bearer {token}"})
        try:
            with urlopen(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as exc:
            return exc.code, exc.read().decode()

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database holds: to wait for, and to find a page's number."""
        with psycopg.connect(socket_url(self.bank.home), autocommit=True) as connection:
            return connection.execute(query.encode(), values).fetchall()

    def plan_set(self, objects: Iterable[Dataset]) -> int:
        """The number of the plan set of this plan; fails where there is not just one."""
        uid = next(ds.SOPInstanceUID for ds in objects if ds.Modality == "RTPLAN")
        ((found,),) = self.rows("SELECT id FROM catalogue_planset WHERE sop_instance_uid = %s", str(uid))
        return int(found)

    def memberships(self, objects: Iterable[Dataset]) -> int:
        """How many rows file this plan in a protocol: its plan."""
        uid = next(ds.SOPInstanceUID for ds in objects if ds.Modality == "RTPLAN")
        query = "SELECT count(*) FROM protocols_membership WHERE sop_instance_uid = %s AND removed_at IS NULL"
        return int(self.rows(query, str(uid))[0][0])

    def receipt(self, objects: Iterable[Dataset]) -> tuple[int, str, bool]:
        """(number, state, whether nothing more is awaited) of this plan's receipt; 0: there is none."""
        uid = next(ds.SOPInstanceUID for ds in objects if ds.Modality == "RTPLAN")
        query = "SELECT id, state, final_at IS NOT NULL FROM catalogue_receipt WHERE sop_instance_uid = %s"
        found = self.rows(query, str(uid))
        return found[0] if found else (0, "", False)  # type: ignore[return-value]

    def until(self, so: Callable[[], object], what: str, seconds: float = 60) -> None:
        self.bank.until(so, seconds, what)

    def while_time_flies(self, so: Callable[[], object], what: str) -> None:
        """The same with a clock that runs fast: notices wait some seconds for what belongs with them."""

        def looked() -> object:
            self.later(seconds=5)
            return so()

        self.until(looked, what)

    def mails_of_receipt(self, address: str, link: str) -> list[str]:
        """The mails about one receipt; digests name it too."""
        return self.mails_to(address, "Open the receipt", f"{link}\n")

    def mails_to(self, address: str, *words: str) -> list[str]:
        """Subject and text of the mails to somebody that hold these words."""
        found = [
            f"{mail['Subject']}\n{mail.get_body(('plain',)).get_content()}".replace("\r", "")  # type: ignore[union-attr]
            for mail in list(self.mails.mails)
            if mail["To"] == address
        ]
        return [one for one in found if all(word in one for word in words)]

    # --- sending

    def send(self, objects: Sequence[Dataset], calling: str = "DEMO_TPS", syntax: str = EXPLICIT) -> None:
        """Each object over an association of its own, as some planning systems do."""
        for ds in objects:
            assert self.try_to_send(ds, calling, syntax) == SUCCESS

    def try_to_send(self, ds: Dataset, calling: str, syntax: str = EXPLICIT) -> int:
        part10 = Part10(str(ds.SOPClassUID), str(ds.SOPInstanceUID), syntax, encoded(ds, syntax))
        return send_object("127.0.0.1", self.bank.dicom_port, part10, calling)


@contextmanager
def running(folder: Path) -> Iterator[ByItself]:
    """Start all of it, end all of it."""
    taken, node = Taken(), Receiver()
    bank = Live(folder / "home")
    lay(bank.home)
    (bank.home / "test").touch()  # only a play home's clock may be set
    with ExitStack() as stack:
        bank.env |= {
            "PLANBANK_CLOCK_FILE": str(folder / "clock"),
            "PLANBANK_MAIL_HOST": "127.0.0.1",
            "PLANBANK_MAIL_PORT": str(stack.enter_context(mail_server(taken))),
            "PLANBANK_MAIL_SECURITY": "none",
            "PLANBANK_FORWARD_ALARM_AFTER": "2",
        }
        stack.callback(bank.down)
        node.start()
        stack.callback(node.stop)
        bank.up()
        works = ByItself(bank, taken, node)
        works.settings()
        for name in bank.links:  # while their links are young
            bank.set_password(name, PASSWORD)
        yield works


def patient(seed: int, roi: str = "", *, drawn: bool = False, site: str = "prostate") -> list[Dataset]:
    """A synthetic patient whole, the dose first, the structure set last, images and plan in any order."""
    objects = list(make_patient(site, seed=seed, trigger_roi=roi or None).objects)  # type: ignore[arg-type]
    if drawn:
        _draw(next(ds for ds in objects if ds.Modality == "RTSTRUCT"), roi)
    random.Random(seed).shuffle(objects)
    return sorted(objects, key=lambda ds: (ds.Modality == "RTSTRUCT", ds.Modality != "RTDOSE"))


def _draw(structures: Dataset, roi: str) -> None:
    number = next(r.ROINumber for r in structures.StructureSetROISequence if r.ROIName == roi)
    kept = [item for item in structures.ROIContourSequence if item.ReferencedROINumber != number]
    one = copy.deepcopy(kept[0])
    one.ReferencedROINumber = number
    structures.ROIContourSequence = [*kept, one]


def images(objects: Iterable[Dataset]) -> list[Dataset]:
    """The CT of a patient, from foot to head."""
    found = [ds for ds in objects if ds.Modality == "CT"]
    return sorted(found, key=lambda ds: float(ds.ImagePositionPatient[2]))
