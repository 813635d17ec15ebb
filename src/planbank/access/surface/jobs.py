"""What runs without anybody waiting for it: the services of the pipeline, and the queue's own tasks.

Comes in: nothing. Goes out: `DOORS`. No job shows anything to anybody; `who` says with whose right it
changes what somebody may see later (security.md, Permissions, property 8).
"""

from __future__ import annotations

from planbank.access.surface.door import Door, Shows, Who, by_name

_NO_METHOD: frozenset[str] = frozenset()


def door(name: str, who: Who = Who.BANK, action: str = "", shows: Shows = Shows.SEALED) -> Door:
    """One service or task."""
    return Door(name, action, who, shows, _NO_METHOD)


DOORS = by_name(
    [
        door("register"),
        door("commit"),
        door("collect"),
        door("analyse"),
        door("completeness"),
        door("link"),
        door("calculate"),
        door("names"),
        door("dictionary"),
        door("derive"),
        door("add_up"),
        door("bundle"),
        door("scene"),
        door("erase"),
        door("notify", shows=Shows.NOTHING),
        door("constraints"),
        door("clean"),
        door("receipt"),
        door("members", Who.AGREEMENT, "data.add"),
        door("enrol", Who.AGREEMENT, "data.add"),
        door("trigger", Who.AGREEMENT, "data.add"),
        door("export", Who.SIGNED_IN, "export.dicom"),
        door("push", Who.SIGNED_IN, "export.dicom"),
        door("trial_ids", Who.SIGNED_IN, "upload.send"),
        door("upload", Who.SIGNED_IN, "upload.send"),
        door("copy", Who.AGREEMENT, "audit.distribute"),
        door("hand_out", Who.AGREEMENT, "audit.distribute"),
        door("compare", Who.AGREEMENT, "audit.collect"),
        door("forward", Who.AGREEMENT, "export.raw"),
        door("planbank:drain", shows=Shows.NOTHING),
        door("planbank:everything", shows=Shows.NOTHING),
    ]
)
