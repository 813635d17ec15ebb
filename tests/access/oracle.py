"""Who may what, written from security.md (Permissions) and model.md (Levels) alone; it never asks the code.

Times are days from now: something holds when since <= 0 < until.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.access.security_table import BESIDES, COLUMNS, ROWS, WORDS

SITE_WIDE, BY_LEVEL = {"system-admin", "auditor"}, {"reader", "exporter"}
DATA = {"data.statistics", "data.list", "data.view", "data.identity"}
EXPORT = {"export.csv", "export.dicom", "export.raw"}
OF_STAFF = {
    *DATA,
    *EXPORT,
    *("arrivals.view", "upload.send", "patient.link", "quarantine.view", "quarantine.decide-own"),
}
READING = DATA | EXPORT  # what a project passes on, and what a closed protocol may leave open
LEFT_OPEN = READING | {"export.approve", "participant.view"}
ALWAYS = {
    *("grant.view", "grant.revoke", "access.explain", "protocol.view", "protocol.close", "patient.look-up"),
    *("project.view", "project.close", "reuse.approve", "reuse.revoke", "journal.read"),
    *("erase.ask", "erase.decide", "erase.confirm", "erase.view", "reuse.view"),
}
EVERYBODY = {"account.use", "overview.view", "journal.read"}
# action -> least see, least take-out; all others need none.
LEVELS = {
    "data.statistics": (1, 0),
    "data.list": (2, 0),
    "data.view": (2, 0),
    "data.identity": (3, 0),
    "export.csv": (2, 1),
    "export.dicom": (2, 1),
    "export.raw": (3, 2),
    "participant.view": (2, 0),
}


@dataclass(frozen=True)
class Works:
    """Works for an institution."""

    where: str
    since: int = -9
    until: int = 999
    admin: bool = False


@dataclass(frozen=True)
class Held:
    """A grant: a role (or one action) in a protocol, a project or, without a name, the site."""

    role: str
    where: str = ""
    whose: frozenset[str] | None = None
    see: int = 0
    out: int = 0
    since: int = -1
    until: int = 365
    revoked: bool = False
    confirmed: bool = True
    through: str = ""  # the protocol, on the way through a project
    listed: frozenset[str] | None = None  # and the only rows that the project lists


@dataclass(frozen=True)
class Person:
    """What one person holds."""

    name: str
    works: tuple[Works, ...] = ()
    holds: tuple[Held, ...] = ()
    admin: bool = False
    active: bool = True
    comes: bool = True  # nobody is signed in where not


@dataclass(frozen=True)
class Reuse:
    """What an approved (or revoked) request lets a project read."""

    project: str
    protocol: str
    see: int = 2
    out: int = 0
    state: str = "approved"
    whose: frozenset[str] | None = None
    since: int = -1
    until: int = 365
    listed: frozenset[str] | None = None


@dataclass(frozen=True)
class World:
    """Protocols and projects with their status; rows with their institution and protocols."""

    protocols: dict[str, tuple[str, int]]  # status, and days for which it stays readable once closed
    projects: tuple[str, ...]
    rows: dict[str, tuple[str, frozenset[str]]]
    reuses: tuple[Reuse, ...] = ()
    centres: frozenset[tuple[str, str]] = frozenset()  # (protocol, institution) that take part


def table(role: str, action: str) -> str | None:
    """How far a role's action goes, from the table: 'site', 'scope', 'own data', 'level', 'own'."""
    if role == action:  # a grant of one single action
        return "scope"
    for actions, cells in ROWS.values():
        if action in actions:
            return WORDS[cells[COLUMNS.index(role)]] if role in COLUMNS else None
    if role not in BESIDES.get(action, ()):
        return None
    if role == "normal-user" and action.startswith("participant"):
        return "own data"
    return "site" if role in SITE_WIDE else "level" if role in BY_LEVEL else "scope"


def now(since: int, until: int) -> bool:
    return since <= 0 < until


def own(person: Person) -> set[str]:
    return {w.where for w in person.works if now(w.since, w.until)}


def ways(world: World, person: Person) -> Iterator[Held]:
    """Grants that were not taken back, and what approved reuse makes of those in projects."""
    for held in person.holds:
        if held.revoked or not held.confirmed:
            continue
        held = replace(held, see=max(held.see, 2)) if held.role == "key-user" else held
        yield held
        for reuse in world.reuses:
            if (reuse.project, reuse.state) == (held.where, "approved"):
                both = [one for one in (held.whose, reuse.whose) if one is not None]
                yield replace(
                    held,
                    through=reuse.protocol,
                    whose=frozenset.intersection(*both) if both else None,
                    see=min(held.see, reuse.see),
                    out=min(held.out, reuse.out),
                    since=max(held.since, reuse.since),
                    until=min(held.until, reuse.until),
                    listed=reuse.listed,
                )


def gives(held: Held, action: str) -> bool:
    """Whether a grant gives the action at its levels, whatever its time."""
    far = table(held.role, action)
    if far is None or (held.through and action not in READING):
        return False
    see, out = LEVELS.get(action, (0, 0))
    return far in ("own data", "site") or (held.see >= see and held.out >= out)


def is_open(world: World, held: Held, action: str) -> bool:
    """Whether the grant's protocol lets it be done: closed ones only what is left open."""
    status, readable = world.protocols.get(held.through or held.where, ("active", 0))
    if action in ALWAYS or status == "active":
        return True
    return (action in LEFT_OPEN and readable > 0) if status == "closed" else action not in {
        *READING, "data.add", "data.remove",
    }  # fmt: skip


def holds(world: World, held: Held, action: str) -> bool:
    return now(held.since, held.until) and gives(held, action) and is_open(world, held, action)


def decides(world: World, person: Person, action: str, scope: str | None = None) -> int:
    """200, 403 or 404 for an action anywhere, or in the protocol, project or institution `scope`."""
    if action in EVERYBODY and scope is None:
        return 200
    if person.admin and table("system-admin", action) == "site":
        return 200
    here = {code for code in own(person) if scope in (None, code)}
    if here and action in OF_STAFF:
        return 200
    admins = {w.where for w in person.works if w.admin and now(w.since, w.until)}
    if here & admins and table("institution-admin", action):
        return 200
    about = [
        h for h in ways(world, person)
        if scope in (None, h.where) or table(h.role, action) == "site"
    ]  # fmt: skip
    if any(holds(world, h, action) for h in about):
        return 200
    if action == "protocol.view" and any(
        code in own(person) and scope in (None, name) for name, code in world.centres
    ):
        return 200
    if any(table(h.role, action) and (not h.through or action in READING) for h in about):
        return 403  # their own grant: lapsed, not begun, closed, or of too low a level
    if here and scope is not None:
        return 403  # works there
    if scope is not None and any(h.where == scope and now(h.since, h.until) for h in ways(world, person)):
        return 403  # holds something else there
    record = "project.view" if scope in world.projects else "protocol.view"
    if (
        scope in (*world.protocols, *world.projects)
        and action != record
        and decides(world, person, record, scope) == 200
    ):
        return 403  # sees the thing, lacks the right for this act
    return 404


def shows(world: World, held: Held, action: str, row: str) -> bool:
    """Whether a grant leads to a row, whatever its time."""
    code, protocols = world.rows[row]
    return (
        (held.through or held.where) in protocols
        and (not held.through or action in READING)
        and table(held.role, action) in ("scope", "level")
        and (held.whose is None or code in held.whose)
        and (held.listed is None or row in held.listed)
    )


def sees(world: World, person: Person, action: str) -> dict[str, int]:
    """The rows on which a person may do an action of data, each with the best level of sight."""
    found: dict[str, int] = {}
    for row, (code, _protocols) in world.rows.items():
        levels = [3] if code in own(person) and action in OF_STAFF else []
        if action == "data.identity" and any(
            w.admin and w.where == code and now(w.since, w.until) for w in person.works
        ):
            levels.append(3)
        for held in ways(world, person):
            if holds(world, held, action) and shows(world, held, action, row):
                levels.append(held.see)
        if levels and person.active and person.comes:
            found[row] = max(levels)
    return found


def answers(world: World, person: Person, action: str, row: str, anywhere: int = 0) -> int:
    """200, 403 or 404 for one row; `anywhere` where the action as such is not asked first."""
    anywhere = anywhere or decides(world, person, action)
    if anywhere != 200 or row in sees(world, person, action):
        return anywhere
    for held in ways(world, person):
        in_vain = not now(held.since, held.until) or not is_open(world, held, action)
        if in_vain and gives(held, action) and shows(world, held, action, row):
            return 403
    seen = action != "data.view" and row in sees(world, person, "data.view")
    return 403 if seen else 404
