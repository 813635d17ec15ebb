"""The registry of services: filled at import, frozen by boot.

Comes in: functions decorated with `@service`. Goes out: `SERVICES`, what may run, after what,
on what kind of subject, in which version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from planbank.house import House


@dataclass(frozen=True)
class Done:
    """The work is done; `reason` may say what came of it."""

    reason: str = ""


@dataclass(frozen=True)
class Waiting:
    """Nothing can be done until `reason`; whoever brings it makes the subject due again."""

    reason: str


@dataclass(frozen=True)
class Failed:
    """It cannot be done; `reason` says why, in words."""

    reason: str


@dataclass(frozen=True)
class Later:
    """It is to be done at `until`."""

    until: datetime
    reason: str


Result = Done | Waiting | Failed | Later
Run = Callable[[House, int], Result]
Subject = tuple[int, str]  # (id, lane)


@dataclass(frozen=True)
class Service:
    """A service: safe to run twice on one subject, and in any order of arrival."""

    name: str
    subject: str
    version: int
    after: tuple[str, ...]
    run: Run
    subjects: Callable[[], Iterable[Subject]]
    title: str


class Registry:
    """Services by name; refuses additions once frozen."""

    def __init__(self) -> None:
        self._services: dict[str, Service] = {}
        self._frozen = False

    def add(self, service: Service) -> None:
        if self._frozen:
            raise RuntimeError(f"the services are frozen; {service.name} came too late")
        if service.name in self._services:
            raise RuntimeError(f"there are two services called {service.name}")
        self._services[service.name] = service

    def freeze(self) -> None:
        self._frozen = True

    def __getitem__(self, name: str) -> Service:
        return self._services[name]

    def __iter__(self) -> Iterator[Service]:
        return iter(self._services.values())

    def __contains__(self, name: object) -> bool:
        return name in self._services


SERVICES = Registry()


def service(
    *,
    subject: str,
    version: int,
    subjects: Callable[[], Iterable[Subject]],
    after: Iterable[str] = (),
    name: str = "",
) -> Callable[[Run], Run]:
    """Register a service; its name is the function's, its title the first line of its docstring.

    `subjects` lists every (id, lane) there is, so that a new version can be made due for all.
    """

    def add(run: Run) -> Run:
        title = (run.__doc__ or "").strip().splitlines()[0]
        SERVICES.add(Service(name or run.__name__, subject, version, tuple(after), run, subjects, title))
        return run

    return add
