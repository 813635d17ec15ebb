"""The kinds of person who try every door: one for each role, scope and state in time (property 2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.access.oracle import Held, Person, Reuse, Works, World

AUH, OUH = Works("AUH"), Works("OUH")
ONLY_AUH, REGION = frozenset({"AUH"}), frozenset({"AUH", "VLE"})
SEEN, NAMED = {"see": 2, "out": 1}, {"see": 3, "out": 2}

WORLD = World(
    protocols={
        "BRAIN": ("active", 0),
        "HEART": ("active", 0),
        "OLD": ("closed", 0),
        "LATE": ("closed", 30),  # closed, and readable for a while
        "DRAFT": ("draft", 0),
    },
    projects=("P", "Q"),
    rows={
        "auh-brain": ("AUH", frozenset({"BRAIN"})),
        "ouh-brain": ("OUH", frozenset({"BRAIN"})),
        "auh-heart": ("AUH", frozenset({"HEART"})),
        "auh-both": ("AUH", frozenset({"BRAIN", "HEART"})),
        "vle-none": ("VLE", frozenset()),
        "ouh-old": ("OUH", frozenset({"OLD"})),
        "ouh-late": ("OUH", frozenset({"LATE"})),
        # In BRAIN once: seen through no protocol now.
        "auh-restricted": ("AUH", frozenset()),
        "auh-withdrawn": ("AUH", frozenset()),
        "auh-removed": ("AUH", frozenset()),
    },
    reuses=(
        Reuse("P", "BRAIN", see=2, listed=frozenset({"ouh-brain"})),
        Reuse("Q", "BRAIN", see=2, state="revoked"),
    ),
    centres=frozenset({("BRAIN", "OUH"), ("BRAIN", "AUH"), ("HEART", "AUH"), ("OLD", "OUH")}),
)
PEOPLE = (
    Person("nobody", comes=False),
    Person("disabled", (OUH,), (Held("reader", "BRAIN", see=3, out=2),), admin=True, active=False),
    Person("mere.account"),
    Person("own.staff", (OUH,)),
    Person("other.staff", (Works("VLE"),)),
    Person("former.staff", (Works("OUH", -90, -1),)),
    Person("coming.staff", (Works("OUH", 1, 90),)),
    Person("of.two", (OUH, Works("VLE"))),
    Person("own.admin", (Works("OUH", admin=True),)),
    Person("system.admin", admin=True),
    Person("key.user", (AUH,), (Held("key-user", "BRAIN"),)),
    Person("key.user.named", (), (Held("key-user", "BRAIN", see=3),)),
    Person("key.user.elsewhere", (AUH,), (Held("key-user", "HEART"),)),
    Person("key.user.closed", (), (Held("key-user", "OLD"), Held("key-user", "LATE"))),
    Person("key.user.draft", (), (Held("key-user", "DRAFT"),)),
    Person("key.user.project", (), (Held("key-user", "P"),)),
    Person("normal.user", (OUH,), (Held("normal-user", "BRAIN"),)),
    Person("normal.nowhere", (), (Held("normal-user", "BRAIN"),)),
    Person("masked", (), (Held("reader", "BRAIN", **SEEN),)),
    Person("masked.narrow", (), (Held("reader", "BRAIN", ONLY_AUH, **SEEN),)),
    Person("masked.region", (), (Held("reader", "BRAIN", REGION, **SEEN),)),
    Person("masked.nowhere", (), (Held("reader", "BRAIN", frozenset({"VLE"}), **SEEN),)),
    Person("masked.elsewhere", (), (Held("reader", "HEART", **SEEN),)),
    Person("masked.closed", (), (Held("reader", "OLD", **SEEN), Held("reader", "LATE", **SEEN))),
    Person("masked.staff", (AUH,), (Held("reader", "BRAIN", **SEEN),)),
    Person("summary", (), (Held("reader", "BRAIN", see=1),)),
    Person("named", (), (Held("reader", "BRAIN", **NAMED),)),
    Person("named.and.masked", (), (Held("reader", "BRAIN", **SEEN), Held("reader", "HEART", **NAMED))),
    Person("lapsed", (), (Held("reader", "BRAIN", since=-90, until=-1, **NAMED),)),
    Person("lapsed.staff", (AUH,), (Held("reader", "BRAIN", since=-90, until=0, **NAMED),)),
    Person("not.yet", (), (Held("reader", "BRAIN", since=1, until=90, **NAMED),)),
    Person("revoked", (), (Held("reader", "BRAIN", revoked=True, **NAMED),)),
    Person("unconfirmed", (), (Held("key-user", "BRAIN", confirmed=False, **NAMED),)),
    Person("exporter", (), (Held("exporter", "BRAIN", **SEEN),)),
    Person("controller", (), (Held("controller", "BRAIN"),)),
    Person("auditor", (), (Held("auditor"),)),
    Person("reused", (), (Held("reader", "P", **SEEN),)),
    Person("reuse.revoked", (), (Held("reader", "Q", **SEEN),)),
    Person("single", (), (Held("participant.edit", "BRAIN"),)),
)

# Those whom `make test` tries; `make matrix` tries all.
BRIEF = frozenset(
    {
        "nobody",
        "disabled",
        "own.staff",
        "system.admin",
        "key.user",
        "masked",
        "summary",
        "lapsed",
        "controller",
    }
)


def everybody() -> list[Any]:
    """All kinds of person as parameters of a test; most are for the long run."""
    return [
        pytest.param(one, id=one.name, marks=() if one.name in BRIEF else pytest.mark.soak) for one in PEOPLE
    ]
