"""A service of the tests' own, registered for one test; its deeds are told by a list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from planbank.house import House
from planbank.pipeline.registry import SERVICES, Done, Registry, Result, Service


@dataclass
class Probe:
    """What the service `probe` was asked to do; `answer` decides what comes of it."""

    asked: list[int] = field(default_factory=list)
    answer: Callable[[House, int], Result] = lambda _house, _subject: Done()

    def run(self, house: House, subject: int) -> Result:
        self.asked.append(subject)
        return self.answer(house, subject)


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Probe]:
    """The one service `probe`, version 1, on subjects 1 to 3 in two lanes."""
    told = Probe()
    add_probe(monkeypatch, told)
    yield told


def add_probe(monkeypatch: pytest.MonkeyPatch, told: Probe, version: int = 1) -> None:
    """Let `probe` be the only service there is, in this version."""

    def subjects() -> Iterator[tuple[int, str]]:
        yield from ((1, "lane:1"), (2, "lane:1"), (3, "lane:2"))

    service = Service("probe", "thing", version, (), told.run, subjects, "Is asked by tests")
    monkeypatch.setattr(SERVICES, "_services", {"probe": service})


@pytest.fixture
def registry() -> Registry:
    return Registry()
