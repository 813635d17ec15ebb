"""Regions, institutions, senders and people of a country with eight centres."""

from __future__ import annotations

from django.contrib.auth.hashers import make_password

from bench.nation.parcels import ADDRESS, CALLING
from bench.nation.sketch import Sketch

# code, name, region, share of the patients
CENTRES = (
    ("RH", "Rigshospitalet", "Hovedstaden", 0.22),
    ("HGH", "Herlev og Gentofte Hospital", "Hovedstaden", 0.16),
    ("NAE", "Næstved Sygehus", "Sjælland", 0.09),
    ("OUH", "Odense Universitetshospital", "Syddanmark", 0.15),
    ("VLE", "Vejle Sygehus", "Syddanmark", 0.12),
    ("AUH", "Aarhus Universitetshospital", "Midtjylland", 0.16),
    ("AAL", "Aalborg Universitetshospital", "Nordjylland", 0.08),
    ("DCPT", "Dansk Center for Partikelterapi", "Midtjylland", 0.02),
)
PEOPLE_PER_CENTRE = 63


def fill(sketch: Sketch) -> None:
    """Every person works for one centre; each centre's second works for two."""
    regions = list(dict.fromkeys(region for _code, _name, region, _share in CENTRES))
    sketch.copy("people_region", ("id", "name", "country"), [(n, r, "DK") for n, r in enumerate(regions, 1)])
    sketch.copy(
        "people_institution",
        (
            "id",
            "code",
            "name",
            "region_id",
            "country",
            "identity_scheme",
            "time_zone",
            "deidentified_only",
            "is_active",
            "revision",
        ),
        [
            (n, code, name, regions.index(region) + 1, "DK", "CPR", "Europe/Copenhagen", False, True, 1)
            for n, (code, name, region, _share) in enumerate(CENTRES, 1)
        ],
    )
    _senders(sketch)
    _users(sketch)


def _senders(sketch: Sketch) -> None:
    """Two systems a centre (a planning system and a PACS), and the one that leaves the real objects."""
    rows = [
        (2 * n + k - 1, f"{code}_{kind}", f"10.{20 + n}.{k}.0/24", n)
        for n, (code, *_rest) in enumerate(CENTRES, 1)
        for k, kind in enumerate(("TPS", "PACS"))
    ]
    rows.append((len(rows) + 1, CALLING, f"{ADDRESS}/32", 4))
    columns = (
        "id",
        "ae_title",
        "network",
        "description",
        "contact",
        "is_active",
        "charset_fallback",
        "small_is_empty",
    )
    sketch.copy("people_sender", columns, [(i, ae, net, "", "", True, "", False) for i, ae, net, _n in rows])
    columns = ("id", "sender_id", "institution_id", "called_ae")
    sketch.copy("people_senderinstitution", columns, [(i, i, n, "") for i, _ae, _net, n in rows])


def _users(sketch: Sketch) -> None:
    secret = make_password(sketch.password)
    names = [
        (f"{code.lower()}{k}", n)
        for n, (code, *_r) in enumerate(CENTRES, 1)
        for k in range(1, PEOPLE_PER_CENTRE + 1)
    ]
    sketch.people = [name for name, _institution in names]
    columns = (
        *("id", "username", "name", "email", "is_active", "is_site_admin", "language", "password"),
        *("date_joined", "revision"),
    )
    users = [
        (i, name, f"Person {i}", "", True, False, "", secret, sketch.now, 1)
        for i, (name, _n) in enumerate(names, 1)
    ]
    users.append((len(users) + 1, "admin", "Bo Drift", "", True, True, "", secret, sketch.now, 1))
    sketch.copy("people_user", columns, users)
    works = [(i, n) for i, (_name, n) in enumerate(names, 1)]
    works += [(i, n % len(CENTRES) + 1) for i, (name, n) in enumerate(names, 1) if name.endswith("2")]
    since = sketch.now.replace(year=sketch.now.year - 6, day=1)
    sketch.copy(
        "people_affiliation",
        ("id", "user_id", "institution_id", "is_admin", "since", "reason", "revision"),
        [(k, user, n, False, since, "", 1) for k, (user, n) in enumerate(works, 1)],
    )
    sketch.run(
        "CREATE TABLE nation.person AS SELECT user_id AS id, institution_id AS institution "
        "FROM people_affiliation"
    )
