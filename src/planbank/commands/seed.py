"""Seeding the demonstration: accounts, senders, and plans sent over a real DICOM association.

Comes in: the settings of a running demo home. Goes out: a site to look at, and on the screen its
address and accounts. Runs once per home; the passwords are random and shown this once.
"""

from __future__ import annotations

import secrets
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from planbank.config import Settings
from planbank.house import House

SITE = {
    "region": [{"name": "Syddanmark", "country": "DK"}, {"name": "Midtjylland", "country": "DK"}],
    "institution": [
        {"code": "OUH", "name": "Odense University Hospital",
         "region": "Syddanmark", "identity_scheme": "CPR"},
        {"code": "AUH", "name": "Aarhus University Hospital",
         "region": "Midtjylland", "identity_scheme": "CPR"},
    ],
    "sender": [
        {"ae_title": "DEMO_TPS", "network": "127.0.0.0/8", "institution": "OUH",
         "description": "Any DICOM tool on this machine"},
        {"ae_title": "DEMO_AUH", "network": "127.0.0.0/8", "institution": "AUH",
         "description": "A second centre, so that there is something you may not see"},
    ],
    "user": [
        {"username": "ouh", "name": "Mette Holm", "institutions": ["OUH"]},
        {"username": "auh", "name": "Jens Bro", "institutions": ["AUH"]},
        {"username": "admin", "name": "Site Administrator", "is_site_admin": True},
    ],
}  # fmt: skip
ROLES = {
    "ouh": "physicist at OUH",
    "auh": "physicist at AUH",
    "admin": "system administrator, no patient data",
}
SEED = 20231018  # the day the paper was published
WAIT = 240.0


def seed(house: House) -> None:
    """Make the site once; say where it is."""
    settings = house.settings
    from planbank.commands.wait import wait
    from planbank.pipeline.models import Mark

    _wait_for_site(settings)
    if not Mark.objects.filter(name="seeded").exists():
        passwords = _accounts(house)
        _send_patients(settings)
        wait(house, WAIT)
        Mark.objects.create(name="seeded", at=house.clock.now())
        _say(settings, passwords)
    else:
        _say(settings, None)
    from django.db import connection

    connection.close()


def _accounts(house: House) -> dict[str, str]:
    from planbank.commands.apply import apply
    from planbank.people.models import User
    from planbank.pipeline.models import Mark

    apply(house, SITE)
    passwords = {}
    for username in ROLES:
        passwords[username] = "-".join(secrets.token_hex(2) for _ in range(4))
        user = User.objects.get(username=username)
        user.set_password(passwords[username])
        user.save()
    accounts = [{"username": name, "role": role} for name, role in ROLES.items()]
    Mark.objects.update_or_create(
        name="demo",
        defaults={"at": house.clock.now(), "detail": {"accounts": accounts}},
    )
    return passwords


def _send_patients(settings: Settings) -> None:
    """Write each patient to files and send them as a planning system would."""
    from planbank.demo.patients import make_cohort
    from planbank.forwarding.scu import Node, dicom_files, send

    port = _gate_port(settings)
    with tempfile.TemporaryDirectory(prefix="planbank-demo-") as folder:
        by_sender: dict[str, list[Path]] = defaultdict(list)
        for number, patient in enumerate(make_cohort(SEED)):
            place = Path(folder) / str(number)
            place.mkdir()
            for index, ds in enumerate(patient.objects):
                ds.save_as(place / f"{index:04d}.dcm", enforce_file_format=True)
            by_sender["DEMO_TPS" if number % 3 != 2 else "DEMO_AUH"].append(place)
        for calling_ae, places in by_sender.items():
            for place in places:
                send(dicom_files([place]), Node("127.0.0.1", port, calling_ae, settings.ae_title))


def _gate_port(settings: Settings) -> int:
    return settings.dicom_port


def _wait_for_site(settings: Settings) -> None:
    """Until site and gate answer, and the gate knows its senders."""
    import socket

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            urlopen(f"http://{settings.web_host}:{settings.web_port}/robots.txt", timeout=2).close()
            socket.create_connection(("127.0.0.1", settings.dicom_port), 2).close()
            return
        except (URLError, OSError):
            time.sleep(0.2)
    raise TimeoutError("The site or the gate did not start.")


def _say(settings: Settings, passwords: dict[str, str] | None) -> None:
    lines = [
        "",
        f"planbank is at {settings.site_url}  (invented data only)",
        f"DICOM: {settings.ae_title} at 127.0.0.1:{settings.dicom_port}; send as DEMO_TPS",
        "",
    ]
    if passwords is None:
        lines.append("Accounts as at the first start: " + ", ".join(ROLES))
        lines.append("A forgotten password: planbank link USERNAME makes a one-time link.")
    else:
        lines += [f"  {name:6} {passwords[name]:20}  {role}" for name, role in ROLES.items()]
        lines.append("These passwords are shown this once. Ctrl-C ends everything.")
    sys.stdout.write("\n".join(lines) + "\n\n")
    sys.stdout.flush()
