"""Every act that is written to the journal has its words, so that its page says what was done (R116, R117).

The acts are read from the code: the first text handed to what writes the journal, and to every function that
hands its own argument on to it. An act that is put together is listed in `MADE` with what it can be.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from planbank.protocols.models import Enrolment, ReuseRequest
from planbank.web.pages.journal.words import ACTS

SOURCE = Path(__file__).resolve().parents[2] / "src" / "planbank"
# Acts that are put together while running: file -> what comes out.
MADE = {
    "protocols/actions/enrolling.py": {f"patient {s.value}" for s in Enrolment.State if s != "enrolled"},
    "protocols/actions/reusing.py": {f"reuse {s.value}" for s in ReuseRequest.State if s != "asked"},
}
Writers = dict[str, int]
ROOTS: Writers = {"record": 1, "journal": 0, "note": 1}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(SOURCE.rglob("*.py")):
        # What the API notes of a resource is 'read by API', written in one place.
        if "migrations" not in path.parts and "resources" not in path.parts:
            yield path.relative_to(SOURCE).as_posix(), ast.parse(path.read_bytes())


def name_of(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def texts(node: ast.expr) -> Iterator[str | None]:
    """The texts an argument can be; None for what is put together."""
    if isinstance(node, ast.Constant):
        yield node.value if isinstance(node.value, str) else None
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)
    else:
        yield None


def assignments(tree: ast.AST) -> Iterator[tuple[str, list[str | None]]]:
    """Names that are given a text: `A = "..."` and `A, B = "...", "..."`."""
    for node in ast.walk(tree):
        for target in node.targets if isinstance(node, ast.Assign) else []:
            if isinstance(target, ast.Name):
                yield target.id, list(texts(node.value))
            elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                for name, value in zip(target.elts, node.value.elts, strict=False):
                    if isinstance(name, ast.Name):
                        yield name.id, list(texts(value))


def parameters(function: ast.FunctionDef) -> list[str]:
    return [a.arg for a in [*function.args.posonlyargs, *function.args.args] if a.arg not in ("self", "cls")]


def of_function(function: ast.AST, writers: Writers, local: Writers) -> Iterator[tuple[ast.Call, ast.expr]]:
    """Calls that write the journal, each with the argument that is the act."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Call):
            continue
        at = local.get(name_of(node), writers.get(name_of(node)))
        if at is None:
            continue
        named = [k.value for k in node.keywords if k.arg == "action"]
        if named or len(node.args) > at:
            yield node, (named or [node.args[at]])[0]


def acts() -> tuple[set[str], list[str]]:
    """Every act, and the calls whose act cannot be read."""
    found: set[str] = set()
    unread: list[str] = []
    for file, tree in modules():
        functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
        local: Writers = {}
        for _round in range(4):  # a writer may hand on to a writer
            for function in functions:
                own = parameters(function)
                for _call, act in of_function(function, ROOTS, local):
                    if isinstance(act, ast.Name) and act.id in own:
                        local[function.name] = own.index(act.id)
        assigned = dict(assignments(tree))
        for function in functions:
            own = parameters(function)
            for call, act in of_function(function, ROOTS, local):
                if isinstance(act, ast.Name) and act.id in own:
                    continue
                said = assigned.get(act.id, [None]) if isinstance(act, ast.Name) else list(texts(act))
                found |= {text for text in said if text}
                if None in said and file not in MADE:
                    unread.append(f"{file}:{call.lineno}")
    return found.union(*MADE.values()), sorted(set(unread))


FOUND, UNREAD = acts()


def test_the_reader_finds_acts_of_every_kind() -> None:
    """Written directly, by an act of a person, by a page, through a function of its own, put together."""
    assert {"submit", "enrol patient", "view", "ask for erasure", "patient withdrawn", "search"} <= FOUND


def test_every_act_can_be_read() -> None:
    assert UNREAD == [], "write the act as a text, or list in MADE what it can be"


def test_every_act_has_its_words() -> None:
    missing = sorted(FOUND - set(ACTS))
    assert missing == [], f"add to ACTS of web/pages/journal/words.py: {missing}"
