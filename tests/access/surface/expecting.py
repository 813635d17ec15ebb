"""What the oracle says that must come of a try.

Comes in: a person, a door, one of its addresses. Goes out: the statuses of which one must come.
"""

from __future__ import annotations

from collections.abc import Callable

from planbank.access.surface import Door
from planbank.access.surface.door import PUBLIC
from tests.access.oracle import Person, World, answers, decides, holds, own, sees, table, ways
from tests.access.surface.kinds import Example
from tests.access.surface.trying import Way
from tests.access.surface.world import Planted

ANSWERED = frozenset({200, 204, 302, 303, 400, 409, 410, 422})
OF_ONESELF = ANSWERED | {404}  # a second factor that one does not have
# Pages that are read by one action and changed by another.
POSTED = dict.fromkeys(("dictionary", "project-dictionary"), "dictionary.edit")
Rule = Callable[[World, Person, Door, Way, Example], int]


def expected(planted: Planted, person: Person, door: Door, way: Way, method: str = "GET") -> frozenset[int]:
    """The statuses of which one must come: `ANSWERED`, or a refusal."""
    world = planted.world
    if door.action == PUBLIC:
        return ANSWERED
    if not person.comes or not person.active:
        return frozenset({302})
    if way.absent and way.scope is None and door.scope:
        return frozenset({404})
    verdict = decides(world, person, door.action, way.scope)
    if verdict != 200:
        return frozenset({verdict})
    if door.of == "passkey" and method == "POST" and (way.absent or way.example.mine != person.name):
        return frozenset({302, 404})  # asked for the password first
    if door.name == "project-item-off" and way.scope == "P":
        return ANSWERED  # what is not listed is taken off already, whatever it is
    if way.absent:
        return frozenset({404})
    if method == "POST" and door.name in POSTED:
        return status_of(decides(world, person, POSTED[door.name], way.scope))
    if door.name == "protocol-who" and person.admin:
        return frozenset({404})  # explains permissions, and finds nobody's patient
    if way.example is None:
        return OF_ONESELF if door.action == "account.use" else ANSWERED
    return status_of(RULES.get(door.name, _of_row)(world, person, door, way, way.example))


def status_of(status: int) -> frozenset[int]:
    """All that an allowed request may be answered with, or that one refusal."""
    return ANSWERED if status == 200 else frozenset({status})


def _of_row(world: World, person: Person, door: Door, way: Way, example: Example) -> int:
    """200, 403 or 404 for one row, to whom the action as such is allowed in the scope of the address."""
    if example.row:
        return answers(world, person, door.action, example.row)
    if example.within and way.scope not in (None, example.within):
        return 404  # its number, in another protocol's address
    if example.within:
        return 200 if decides(world, person, door.action, example.within) == 200 else 404
    if example.who:
        mine = person.admin if example.who == "system-admin" else example.who in own(person)
        return 200 if mine else 404
    return 200 if example.mine in ("", person.name) else 404


def _own_file(world: World, person: Person, door: Door, way: Way, example: Example) -> int:
    """Pages of what one's own institutions sent: nothing is told of any other's."""
    return 200 if world.rows[example.row][0] in own(person) else 404


def _who_sees(world: World, person: Person, door: Door, way: Way, example: Example) -> int:
    """Who may see the patient, and explains permissions where it stands."""
    status = answers(world, person, "data.view", example.row, anywhere=200)
    code, protocols = world.rows[example.row]
    if status == 200 and not any(decides(world, person, door.action, at) == 200 for at in (code, *protocols)):
        return 404
    return status


def _forward(world: World, person: Person, door: Door, way: Way, example: Example) -> int:
    """Who sees the plan set through its protocol or as one's own, or looks after the protocol's triggers."""
    tends = decides(world, person, "trigger.edit", "BRAIN") == 200
    if door.name == "forward-act":  # or may take it out of their own institution
        return 200 if tends or world.rows[example.row][0] in own(person) else 404
    return 200 if tends or example.row in sees(world, person, "data.view") else 404


def _export(world: World, person: Person, door: Door, way: Way, example: Example) -> int:
    """Somebody else's: who approves exports there sees it and acts on it; nobody but who asked takes it."""
    if door.name == "export-files":
        return 404
    return 200 if decides(world, person, "export.approve", "BRAIN") == 200 else 404


def _saved(world: World, person: Person, door: Door, way: Way, example: Example) -> int:
    """Somebody else's request: removed by who changes the dictionary there."""
    here = way.scope in (None, example.within)
    return 200 if here and decides(world, person, "dictionary.edit", example.within) == 200 else 404


def _side(world: World, person: Person, door: Door, way: Way, example: Example) -> int:
    """A request for reuse, of the side that the act is for: the project asks, the protocol decides."""
    sides = {"reuse-one": ("BRAIN", "P"), "reuse-take-back": ("P",), "reuse-revoke": ("BRAIN",)}[door.name]
    return 200 if any(decides(world, person, door.action, side) == 200 for side in sides) else 404


def _grant_of_ones_own(world: World, person: Person, door: Door, way: Way, example: Example) -> int:
    """Giving up a grant: whoever holds it, whatever it is about."""
    return 200 if person.name == "masked" else 404


def _made_from_brain(world: World, person: Person, door: Door, way: Way, example: Example) -> int:
    """A template goes where the protocol that it was made from is edited, whatever the address says."""
    return 200 if decides(world, person, door.action, "BRAIN") == 200 else 404


def _participant(world: World, person: Person, door: Door, way: Way, example: Example) -> int:
    """BRAIN's first is AUH's: for grants that reach AUH, or one's own data where that is all they give."""
    for held in ways(world, person):
        reaches = held.whose is None or "AUH" in held.whose
        mine = table(held.role, door.action) != "own data" or "AUH" in own(person)
        if way.scope == held.where == "BRAIN" and holds(world, held, door.action) and reaches and mine:
            return 200
    return 404


RULES: dict[str, Rule] = {
    **dict.fromkeys(
        (
            *("unassigned-one", "unassigned-keep", "unassigned-keep-undo"),
            *("unassigned-delete", "unassigned-delete-undo"),
        ),
        _own_file,
    ),
    "patient-who": _who_sees,
    "export": _export,
    "export-act": _export,
    "export-files": _export,
    "forward": _forward,
    "forward-act": _forward,
    "reuse-one": _side,
    "reuse-take-back": _side,
    "reuse-revoke": _side,
    "add-to-protocol": _own_file,
    **dict.fromkeys(("statistics-drop", "statistics-back"), _saved),
    **dict.fromkeys(("project-statistics-drop", "project-statistics-back"), _saved),
    "my-permission-end": _grant_of_ones_own,
    "template-remove": _made_from_brain,
    "project-item-off": lambda *_given: 404,  # another project's address
    **dict.fromkeys(("participant", "participant-edit"), _participant),
}
