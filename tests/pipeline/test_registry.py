"""The registry of services: filled at import, frozen by boot."""

from __future__ import annotations

import pytest

from planbank.house import House
from planbank.pipeline import registry as room
from planbank.pipeline.registry import SERVICES, Done, Registry, Result, Service, service


def one(name: str) -> Service:
    return Service(name, "thing", 1, (), lambda _house, _id: Done(), tuple, "")


def test_two_of_one_name_are_refused(registry: Registry) -> None:
    registry.add(one("a"))
    with pytest.raises(RuntimeError, match="two services called a"):
        registry.add(one("a"))


def test_nothing_is_added_once_frozen(registry: Registry) -> None:
    registry.freeze()
    with pytest.raises(RuntimeError, match="came too late"):
        registry.add(one("a"))


def test_the_decorator_takes_name_and_title_from_the_function(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "SERVICES", registry)

    @service(subject="thing", version=3, subjects=lambda: [(1, "lane")], after=["analyse"])
    def measure(house: House, subject: int) -> Result:
        """Measures things

        More words.
        """
        return Done()

    found = registry["measure"]
    assert (found.title, found.version, found.after) == ("Measures things", 3, ("analyse",))
    assert "measure" in registry
    assert "other" not in registry


def test_every_service_of_the_house_is_whole() -> None:
    """A title in words, a version, predecessors that exist and come to an end."""
    assert "analyse" in SERVICES
    for spec in SERVICES:
        assert spec.title and not spec.title.endswith("."), spec.name
        assert spec.version >= 1
        assert len(spec.name) <= 32 and len(spec.subject) <= 32, "as wide as the columns"
        seen, todo = set(), list(spec.after)
        while todo:
            before = SERVICES[todo.pop()]
            assert before.name != spec.name, f"{spec.name} comes after itself"
            if before.name not in seen:
                seen.add(before.name)
                todo += before.after
