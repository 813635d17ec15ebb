"""The import rule, and who may read the environment (ARCHITECTURE.md)."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "planbank"
# config reads it for all; boot sets where compiled numerics are kept, before they are imported.
READERS = {"config.py": {"environ"}, "boot.py": {"environ"}}


def modules() -> dict[str, ast.Module]:
    return {str(p.relative_to(SOURCE)): ast.parse(p.read_bytes()) for p in sorted(SOURCE.rglob("*.py"))}


def environment_reads(tree: ast.Module) -> set[str]:
    """Names by which a module reaches the environment."""
    names = {"environ", "environb", "getenv", "getenvb", "putenv"}
    found = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in names}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "os":
            found |= names & {alias.name for alias in node.names}
    return found


def test_imports_only_go_down() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_only_config_reads_the_environment() -> None:
    found = {name: reads for name, tree in modules().items() if (reads := environment_reads(tree))}
    assert found == READERS


def test_only_the_composition_roots_call_boot() -> None:
    """cli, wsgi and the processes and commands that they start."""
    callers = set()
    for name, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                known = node.module == "planbank.boot" or (
                    node.module == "planbank" and any(alias.name == "boot" for alias in node.names)
                )
            else:
                known = isinstance(node, ast.Import) and any(a.name == "planbank.boot" for a in node.names)
            if known:
                callers.add(name.split("/")[0])
    assert callers <= {"cli.py", "wsgi.py", "processes", "commands"}


def test_nothing_that_runs_code_out_of_data() -> None:
    """No pickle, marshal, eval, exec, shell or yaml anywhere (security.md, Attack classes)."""
    forbidden_modules = {"pickle", "marshal", "shelve", "yaml", "dill"}
    forbidden_calls = {"eval", "exec", "compile", "__import__"}
    for name, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                assert not forbidden_modules & {a.name.split(".")[0] for a in node.names}, name
            elif isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] not in forbidden_modules, name
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in forbidden_calls, f"{name}: {node.func.id}"
            elif isinstance(node, ast.keyword) and node.arg == "shell":
                raise AssertionError(f"{name}: a shell")
