"""Patients, their numbers and the files of the institutions on them: one in twenty was at two centres."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta

from bench.nation.sketch import Sketch
from bench.nation.tables.people import CENTRES

_WOMEN = [
    "Anne",
    "Mette",
    "Kirsten",
    "Hanne",
    "Anna",
    "Helle",
    "Susanne",
    "Lene",
    "Marianne",
    "Inge",
    "Karen",
    "Lone",
    "Bente",
    "Camilla",
    "Pia",
    "Louise",
    "Charlotte",
    "Jette",
    "Tina",
    "Gitte",
    "Ingrid",
    "Birthe",
    "Åse",
    "Søs",
    "Karla",
    "Ellen",
    "Tove",
    "Rigmor",
    "Bodil",
    "Ida",
]
_MEN = [
    "Peter",
    "Michael",
    "Lars",
    "Jens",
    "Thomas",
    "Henrik",
    "Søren",
    "Christian",
    "Martin",
    "Jan",
    "Morten",
    "Jesper",
    "Anders",
    "Niels",
    "Mads",
    "Rasmus",
    "Per",
    "Hans",
    "Jørgen",
    "Ole",
    "Carsten",
    "Bent",
    "Erik",
    "Kaj",
    "Åge",
    "Svend",
    "Viggo",
    "Holger",
    "Aksel",
    "Erling",
]
_SURNAMES = [
    "Nielsen",
    "Jensen",
    "Hansen",
    "Andersen",
    "Pedersen",
    "Christensen",
    "Larsen",
    "Sørensen",
    "Rasmussen",
    "Jørgensen",
    "Petersen",
    "Madsen",
    "Kristensen",
    "Olsen",
    "Thomsen",
    "Christiansen",
    "Poulsen",
    "Johansen",
    "Møller",
    "Mortensen",
    "Knudsen",
    "Jakobsen",
    "Mikkelsen",
    "Lund",
    "Holm",
    "Schmidt",
    "Eriksen",
    "Østergaard",
    "Kjær",
    "Bjerregaard",
    "Vestergård",
    "Aagaard",
    "Krogh",
    "Ravn",
    "Dam",
    "Skov",
    "Bach",
]
_WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2)


def fill(sketch: Sketch) -> None:
    """The person files; `nation.file` says which institution holds which patient."""
    rng = random.Random(sketch.seed)
    people = list(_people(rng, sketch.patients))
    sketch.insert(
        "catalogue_patient", {"id": "n", "created_at": "%(now)s"}, "FROM generate_series(1, %(patients)s) n"
    )
    sketch.copy(
        "catalogue_patientidentity",
        ("id", "scheme", "issuer", "value", "patient_id"),
        [(n, "CPR", "", number, n) for n, (number, *_rest) in enumerate(people, 1)],
    )
    sketch.copy(
        "catalogue_patientfile",
        (
            *("id", "institution_id", "patient_id", "sent_id", "name", "birth_date", "sex"),
            *("first_received_at", "last_received_at"),
        ),
        (
            (i, institution, n, number, name, f"{born:%Y%m%d}", sex, sketch.now, sketch.now)
            for i, (institution, n, (number, name, born, sex)) in enumerate(_files(rng, people), 1)
        ),
    )


def _people(rng: random.Random, count: int) -> Iterator[tuple[str, str, date, str]]:
    """Number, name, birth date, sex; every number once."""
    given: set[str] = set()
    while len(given) < count:
        sex = rng.choice("FM")
        born = date(1936, 1, 1) + timedelta(days=int(rng.triangular(0, 60 * 365, 15 * 365)))
        number = f"{born:%d%m%y}{rng.randrange(0, 4000, 2) + (sex == 'M'):04d}"
        # Obviously invented: no number passes the modulus 11 check.
        if (
            number in given
            or sum(int(d) * w for d, w in zip(number[:9], _WEIGHTS, strict=True)) % 11 == -int(number[9]) % 11
        ):
            continue
        given.add(number)
        first = " ".join(rng.sample(_WOMEN if sex == "F" else _MEN, rng.choice((1, 1, 2))))
        yield number, f"{rng.choice(_SURNAMES)}^{first}", born, sex


def _files(
    rng: random.Random, people: list[tuple[str, str, date, str]]
) -> Iterator[tuple[int, int, tuple[str, str, date, str]]]:
    numbers, shares = range(1, len(CENTRES) + 1), [share for *_rest, share in CENTRES]
    for n, person in enumerate(people, 1):
        (first,) = rng.choices(numbers, shares)
        yield first, n, person
        if rng.random() < 0.05:
            yield rng.choice([k for k in numbers if k != first]), n, person
