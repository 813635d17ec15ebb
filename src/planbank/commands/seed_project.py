"""A collaboration project for the demonstration: asked for, approved, with names of its own (R207).

Comes in: a demo site whose protocols are filled. Goes out: an active project that may use the breast
protocol, done by the people who would do it: a researcher asks, the controller approves.
"""

from __future__ import annotations

from datetime import timedelta

from planbank.commands.seed_protocols import BREAST
from planbank.house import House

NAME = "HEART-AI-DEMO"
_RULES = {
    "Hjerte": "Heart",
    "Heart": "Heart",
    "Lunge Sin*": "Lung_L",
    "Lunge ve*": "Lung_L",
    "Lung?L": "Lung_L",
    "Lunge Dxt*": "Lung_R",
    "Lunge hø*": "Lung_R",
    "Lung?R": "Lung_R",
}
_YEAR = timedelta(days=365)


def fill(house: House) -> None:
    """Make the project, let it be approved, name what it looks for, keep one request."""
    from planbank.access.granting import Asked, give
    from planbank.access.scopes import Scope
    from planbank.naming.actions.editing import Line, change_rules
    from planbank.naming.actions.types import TypeWish, save_type
    from planbank.naming.queries.dictionaries import dictionary_of
    from planbank.people.models import User
    from planbank.protocols.act import Act
    from planbank.protocols.actions import projecting, reusing, saving
    from planbank.protocols.levels import See, TakeOut
    from planbank.protocols.models import Protocol

    now = house.clock.now()
    command = Act.of_command("seed", now)
    researcher, controller = (User.objects.get(username=name) for name in ("reader", "controller"))
    project = projecting.create(
        command,
        short_name=NAME,
        title="Heart substructures by machine, demonstration",
        purpose="To show what a project looks like. All of it is invented.",
        recipient="Demonstration University",
        agreement="Demonstration agreement 7",
        agreement_signed_on=now.date(),
        starts_at=now,
        ends_at=now + _YEAR,
    )
    projecting.activate(command, project, project.revision)
    levels = {"see": See.PSEUDONYMISED, "take_out": TakeOut.PSEUDONYMISED}
    for role in ("key-user", "exporter"):
        give(command, researcher, Asked(role, Scope.of(project), reason="demonstration", **levels))
    asked = reusing.ask(
        Act.of(researcher, now),
        project,
        Protocol.objects.get(short_name=BREAST),
        "Doses to the heart and the lungs",
        since=now,
        until=now + _YEAR,
        **levels,
    )
    reusing.approve(Act.of(controller, now), asked, asked.revision, "As agreed.")
    act, names = Act.of(researcher, now), dictionary_of(project)
    types = {name: save_type(act, names, None, TypeWish(name)).pk for name in dict.fromkeys(_RULES.values())}
    save_type(act, names, None, TypeWish("Lungs", expression="Lung_L + Lung_R"))
    change_rules(act, names, None, [Line(entry, types[type_]) for entry, type_ in _RULES.items()])
    saving.save(act, project, "Heart and lung doses", (), "Dmean, V20Gy, D2cc")
