"""Seeding the demonstration: accounts, senders, and plans sent over a real DICOM association.

Comes in: the settings of a running demo home. Goes out: a site to look at, and on the screen its
address and accounts. Runs once per home; the passwords are random and shown this once.
"""

from __future__ import annotations

import secrets
import sys
import tempfile
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from planbank.commands import seed_project, seed_protocols
from planbank.config import Settings
from planbank.errors import SendError
from planbank.house import House

# Institution: name, region, AE title it sends with. Any DICOM tool on this machine is DEMO_TPS.
CENTRES = {
    "OUH": ("Odense University Hospital", "Syddanmark", "DEMO_TPS"),
    "AUH": ("Aarhus University Hospital", "Midtjylland", "DEMO_AUH"),
    "VLE": ("Vejle Hospital", "Syddanmark", "DEMO_VLE"),
}
# How the synthetic patients name their centres; OUH shows the replan and the missing slice too.
CODES = {"OUH": "OUH", "AUH": "AUH", "Vejle": "VLE", "Aalborg": "OUH"}
SITE = {
    "region": [{"name": name} for name in sorted({region for _name, region, _ae in CENTRES.values()})],
    "institution": [
        {"code": code, "name": name, "region": region, "identity_scheme": "CPR"}
        for code, (name, region, _ae) in CENTRES.items()
    ],
    "sender": [
        {"ae_title": ae_title, "network": "127.0.0.0/8", "institution": code}
        for code, (_name, _region, ae_title) in CENTRES.items()
    ],
    "user": [
        {"username": "ouh", "name": "Mette Holm", "institutions": ["OUH"]},
        {"username": "auh", "name": "Jens Bro", "institutions": ["AUH"]},
        {"username": "vle", "name": "Karen Lund", "institutions": ["VLE"], "administers": ["VLE"]},
        {"username": "admin", "name": "Bo Drift", "is_site_admin": True},
        *seed_protocols.TABLES["user"],
    ],
    **{name: rows for name, rows in seed_protocols.TABLES.items() if name != "user"},
}
ROLES = {
    "ouh": "physicist at OUH",
    "auh": "physicist at AUH",
    "vle": "physicist at VLE, administers its people",
    "admin": "system administrator, no patient data",
    **seed_protocols.ROLES,
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
        sent = _send_patients(settings)
        wait(house, WAIT)
        seed_protocols.fill(house, sent)
        seed_project.fill(house)
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


def _send_patients(settings: Settings) -> list[seed_protocols.Sent]:
    """Write each patient to files and send them as a planning system would; says who was sent."""
    from planbank.demo.patients import make_cohort, part10
    from planbank.forwarding.scu import Node, dicom_files, send

    sent_for: list[seed_protocols.Sent] = []
    for patient in make_cohort(SEED):
        code = CODES[patient.institution]
        sent_for.append(seed_protocols.Sent(patient.site, patient.patient_id, code))
        with tempfile.TemporaryDirectory(prefix="planbank-demo-") as folder:
            for number, ds in enumerate(patient.objects):
                (Path(folder) / f"{number:04d}.dcm").write_bytes(part10(ds))
            calling_ae = CENTRES[code][2]
            node = Node("127.0.0.1", settings.dicom_port, calling_ae, settings.ae_title)
            failed = [sent for sent in send(dicom_files([Path(folder)]), node) if sent.problem]
            if failed:
                raise SendError(f"{len(failed)} objects of the demonstration were not taken.")
    return sent_for


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
        lines += [f"  {name:10} {passwords[name]:20}  {role}" for name, role in ROLES.items()]
        lines.append("These passwords are shown this once. Ctrl-C ends everything.")
    sys.stdout.write("\n".join(lines) + "\n\n")
    sys.stdout.flush()
