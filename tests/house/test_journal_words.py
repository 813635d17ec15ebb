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
ROOTS: Writers = {"record": 1, ".journal": 0, "note": 1}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(SOURCE.rglob("*.py")):
        # What the API notes of a resource is 'read by API', written in one place.
        if "migrations" not in path.parts and "resources" not in path.parts:
            yield path.relative_to(SOURCE).as_posix(), ast.parse(path.read_bytes())


def name_of(call: ast.Call) -> str:
    """A method stands with a point: `act.journal(...)` is not a function called journal."""
    function = call.func
    if isinstance(function, ast.Attribute):
        return f".{function.attr}" if f".{function.attr}" in ROOTS else function.attr
    return getattr(function, "id", "")


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


def writers_of(tree: ast.AST, known: Writers) -> Writers:
    """Functions that hand an argument of theirs on to a writer, and which one it is."""
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    local: Writers = {}
    for _round in range(4):  # a writer may hand on to a writer
        for function in functions:
            own = parameters(function)
            for _call, act in of_function(function, known, local):
                if isinstance(act, ast.Name) and act.id in own:
                    local[function.name] = own.index(act.id)
    return local


def imported(tree: ast.AST, exported: dict[tuple[str, str], int]) -> Writers:
    """The roots, and the writers that a module imports, by the names it gives them."""
    found = dict(ROOTS)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for one in node.names:
                if (node.module or "", one.name) in exported:
                    found[one.asname or one.name] = exported[node.module or "", one.name]
    return found


def acts() -> tuple[set[str], list[str]]:
    """Every act, and the calls whose act cannot be read."""
    found: set[str] = set()
    unread: list[str] = []
    exported: dict[tuple[str, str], int] = {}
    for _round in range(2):  # what other modules may import, before they are read
        for file, tree in modules():
            dotted = "planbank." + file.removesuffix(".py").replace("/", ".")
            there = writers_of(tree, imported(tree, exported))
            exported |= {(dotted, name): at for name, at in there.items()}
    for file, tree in modules():
        functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
        known = imported(tree, exported)
        local = writers_of(tree, known)
        assigned = dict(assignments(tree))
        for function in functions:
            own = parameters(function)
            for call, act in of_function(function, known, local):
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
