"""What link knows of each object: its name and whom it names. No database, no DICOM parsing."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ImageSeries:
    """A series of images (localisers left out)."""

    series: int
    uid: str
    frame: str
    modality: str
    image_uids: frozenset[str]
    origins: tuple[tuple[float, float, float], ...] = ()  # mm, patient coordinates


@dataclass(frozen=True)
class RtObject:
    """An RT object: `instance` is its row, `uid` its SOP Instance UID, the rest what it refers to."""

    instance: int
    uid: str
    frame: str = ""
    image_uids: frozenset[str] = frozenset()
    series_uids: tuple[str, ...] = ()
    structure_set_uids: tuple[str, ...] = ()
    plan_uids: tuple[str, ...] = ()
    dose_uids: tuple[str, ...] = ()
    frames: tuple[str, ...] = ()
    drawn: tuple[tuple[str, float], ...] = ()  # (patient axis, mm) of its contours


@dataclass(frozen=True)
class Held:
    """Everything current that one institution holds of one patient."""

    series: tuple[ImageSeries, ...] = ()
    structure_sets: tuple[RtObject, ...] = ()
    plans: tuple[RtObject, ...] = ()
    doses: tuple[RtObject, ...] = ()
    records: tuple[RtObject, ...] = ()
    registrations: tuple[RtObject, ...] = ()


@dataclass(frozen=True, order=True)
class Link:
    """One member of a plan set: (role, means) and an instance or a series."""

    role: str
    means: str
    instance: int | None = None
    series: int | None = None


@dataclass(frozen=True, order=True)
class Found:
    """A finding: about an instance, or about the plan set (instance is None)."""

    code: str
    instance: int | None = None
    about: str = ""
    params: tuple[tuple[str, int | str], ...] = ()


@dataclass
class Woven:
    """A plan set: its identity, members and findings."""

    kind: str
    uid: str
    links: set[Link] = field(default_factory=set)
    found: set[Found] = field(default_factory=set)

    def has(self, role: str) -> bool:
        """Whether there is a member of this role."""
        return any(link.role == role for link in self.links)
