"""Conditions, joined by all and any.

Comes in: JSON, `{"all": [{"path": "Modality", "test": "equals", "value": "RTPLAN"}, ...]}`. Goes
out: frozen nodes; `holds` says whether, and names the first condition that does not.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from planbank.dicom.conditions.passes import TESTS
from planbank.dicom.conditions.paths import TagPath, read_path
from planbank.dicom.conditions.values import ObjectValues
from planbank.errors import ConditionError

Test = Literal["equals", "wildcard", "contains", "exists", "absent", "range"]
MAX_DEPTH, MAX_NODES = 8, 200


@dataclass(frozen=True)
class Condition:
    """One test on one attribute. True where any of its values passes (`absent`: where it is nowhere)."""

    path: TagPath
    test: Test
    value: str = ""
    _passes: Callable[[str], bool] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_passes", TESTS[self.test](self.value))

    def unmet(self, values: ObjectValues) -> str:
        """Empty where it holds; else the condition in words."""
        found = values.at(self.path)
        if self.test == "absent":
            return "" if found is None else str(self)
        if found is None or self._passes is None or not any(map(self._passes, found)):
            return str(self)
        return ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.path.text, self.test, self.value) if part)


@dataclass(frozen=True)
class All:
    """True where every part is."""

    parts: tuple[Node, ...]

    def unmet(self, values: ObjectValues) -> str:
        return next((said for part in self.parts if (said := part.unmet(values))), "")


@dataclass(frozen=True)
class Any:
    """True where one part is."""

    parts: tuple[Node, ...]

    def unmet(self, values: ObjectValues) -> str:
        said = []
        for part in self.parts:
            if not (one := part.unmet(values)):
                return ""
            said.append(one)
        return " or ".join(said)


Node = Condition | All | Any


def from_json(value: object) -> Node:
    """Read a condition. Raises ConditionError that says what would be right."""
    return _Reader().node(value, 1)


def to_json(node: Node) -> dict[str, object]:
    """What `from_json` reads."""
    if isinstance(node, Condition):
        return {"path": node.path.text, "test": node.test, **({"value": node.value} if node.value else {})}
    return {"all" if isinstance(node, All) else "any": [to_json(part) for part in node.parts]}


class _Reader:
    """Counts nodes, so that a condition from outside cannot grow without end."""

    def __init__(self) -> None:
        self.nodes = 0

    def node(self, value: object, depth: int) -> Node:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise ConditionError(f"At most {MAX_DEPTH} levels and {MAX_NODES} conditions.")
        if not isinstance(value, Mapping):
            raise ConditionError("A condition is {path, test, value}, or {all: [...]}, or {any: [...]}.")
        for name, kind in (("all", All), ("any", Any)):
            if name in value:
                if set(value) != {name}:
                    raise ConditionError(f"Beside '{name}' nothing else may stand.")
                return kind(self._parts(value[name], name, depth))
        return self._condition(value)

    def _parts(self, value: object, name: str, depth: int) -> tuple[Node, ...]:
        if not isinstance(value, Sequence) or isinstance(value, str) or not value:
            raise ConditionError(f"'{name}' wants a list of at least one condition.")
        return tuple(self.node(part, depth + 1) for part in value)

    def _condition(self, value: Mapping[object, object]) -> Condition:
        if extra := set(value) - {"path", "test", "value"}:
            raise ConditionError(f"A condition has path, test and value, no '{min(map(str, extra))[:40]}'.")
        path, test, text = value.get("path"), value.get("test"), value.get("value", "")
        if not isinstance(path, str) or not isinstance(text, str):
            raise ConditionError("Path and value of a condition are text.")
        if test not in typing.get_args(Test):
            raise ConditionError(f"The test is one of {', '.join(typing.get_args(Test))}.")
        return Condition(read_path(path), typing.cast(Test, test), text)
