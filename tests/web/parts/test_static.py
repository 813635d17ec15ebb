"""What a browser gets: nothing inline, nothing from elsewhere, vendored files as they came."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

import planbank.web

WEB = Path(planbank.web.__file__).parent
STATIC = WEB / "static"
OURS = [p for p in STATIC.rglob("*") if p.suffix in {".css", ".js", ".svg"} and "vendor" not in p.parts]
PAGES = sorted(WEB.rglob("*.html"))


def _without_comments(path: Path) -> str:
    text = path.read_text()
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE) if path.suffix == ".js" else text


def test_there_is_something_to_look_at() -> None:
    assert len(OURS) > 15
    assert len(PAGES) > 30


@pytest.mark.parametrize("path", OURS, ids=lambda p: p.name)
def test_our_files_ask_nobody_else_for_anything(path: Path) -> None:
    text = _without_comments(path).replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"data:|https?:[^=]//|url\(\s*[\"']?//|\beval\(|new Function", text)


@pytest.mark.parametrize("path", [p for p in OURS if p.suffix == ".css"], ids=lambda p: p.name)
def test_every_file_that_a_sheet_names_exists(path: Path) -> None:
    for name in re.findall(r"url\(\s*[\"']?([^\"')]+)", _without_comments(path)):
        assert (path.parent / name).resolve().is_file(), name


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_no_page_holds_script_or_style(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<style|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:|data:(image|text)", text)
    for script in re.findall(r"<script[^>]*>", text):
        assert 'src="{% static' in script
    assert not re.search(r"(src|href)=[\"'](https?:)?//", text)


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_every_static_file_that_a_page_names_exists(path: Path) -> None:
    for name in re.findall(r'{% static "([^"]+)"', path.read_text()):
        assert (STATIC / name).is_file(), name


def test_vendored_files_are_those_that_the_list_names() -> None:
    listed = re.findall(r"\| `([a-z/.]+)` \|.*`([0-9a-f]{64})`", (STATIC / "vendor/VENDORED.md").read_text())
    here = {p.relative_to(STATIC / "vendor").as_posix() for p in (STATIC / "vendor").rglob("*.*")}
    scripts = {name for name in here if name.endswith((".js", ".css"))}
    assert scripts == {name for name, _hash in listed}
    for name, expected in listed:
        assert hashlib.sha256((STATIC / "vendor" / name).read_bytes()).hexdigest() == expected


def test_every_vendored_folder_has_its_licence() -> None:
    for folder in (STATIC / "vendor").iterdir():
        assert folder.is_file() or list(folder.glob("LICENSE*")), folder.name


def test_htmx_runs_without_eval_and_keeps_no_page_in_the_browser() -> None:
    base = (WEB / "templates/base.html").read_text()
    for setting in ('"allowEval":false', '"includeIndicatorStyles":false', '"historyCacheSize":0'):
        assert setting in base
