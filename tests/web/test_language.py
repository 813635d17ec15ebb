"""The Danish of the pages: complete, whole in its placeholders, compiled, and shown to who asks for it."""

from __future__ import annotations

import ast
import html
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.test import Client

    from planbank.house import House
    from planbank.people.models import User

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "planbank"
PO = PACKAGE / "web" / "locale" / "da" / "LC_MESSAGES" / "django.po"
EXTRACT = """
import sys
from django.conf import settings
from django.core.management import call_command
from django.core.management.commands.makemessages import Command
settings.configure(LOCALE_PATHS=[sys.argv[1]])
call_command(Command(), locale=["da"], no_wrap=True)
"""
CALLS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"}
# xgettext does not look inside f-strings. These stand in one and stay English; there may be no others.
UNSEEN: set[str] = set()
ENDS = (".", "?", ":")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd%]|\{\w+\}|</?\w+>")


@dataclass
class Entry:
    """One message of a .po file; `texts` are the forms of its translation."""

    keys: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    fuzzy: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        """Context, English, English plural."""
        return tuple(self.keys.get(name, "") for name in ("msgctxt", "msgid", "msgid_plural"))  # type: ignore[return-value]

    def sources(self) -> list[str]:
        """The English of each form."""
        return [self.keys[name] for name in ("msgid", "msgid_plural") if name in self.keys]


def entries(path: Path) -> Iterator[Entry]:
    """Messages of a .po file without its header."""
    for block in path.read_text("utf-8").split("\n\n"):
        entry, last = Entry(), ""
        for line in block.splitlines():
            if line.startswith("#"):
                entry.fuzzy |= line.startswith("#,") and "fuzzy" in line
                continue
            name, _space, quoted = ("", "", line) if line.startswith('"') else line.partition(" ")
            last = name or last
            text = ast.literal_eval(quoted)
            if not last.startswith("msgstr"):
                entry.keys[last] = entry.keys.get(last, "") + text
            elif name:
                entry.texts.append(text)
            else:
                entry.texts[-1] += text
        if entry.keys.get("msgid"):
            yield entry


@pytest.fixture(scope="module")
def danish() -> list[Entry]:
    return list(entries(PO))


def test_every_message_is_translated(danish: list[Entry]) -> None:
    assert len(danish) > 500
    assert [e.key for e in danish if e.fuzzy or not all(text.strip() for text in e.texts)] == []
    assert [e.key for e in danish if len(e.texts) != len(e.sources())] == []
    assert not [line for line in PO.read_text("utf-8").splitlines() if line.startswith("#~")]


def test_placeholders_and_ends_agree(danish: list[Entry]) -> None:
    wrong = []
    for entry in danish:
        for source, text in zip(entry.sources(), entry.texts, strict=True):
            if set(PLACEHOLDER.findall(source)) != set(PLACEHOLDER.findall(text)):
                wrong.append((source, text))
            if source.endswith(ENDS) != text.endswith(ENDS) or "!" in text:
                wrong.append((source, text))
    assert wrong == []


def test_compiled_is_what_msgfmt_makes(tmp_path: Path) -> None:
    fresh = tmp_path / "django.mo"
    subprocess.run(["msgfmt", "--check", "-o", fresh, PO], check=True)
    assert _unfolded(PO.with_suffix(".mo")) == _unfolded(fresh)


def _unfolded(path: Path) -> str:
    return subprocess.run(["msgunfmt", "--no-wrap", path], check=True, capture_output=True, text=True).stdout


def test_nothing_that_pages_say_is_left_out(danish: list[Entry], tmp_path: Path) -> None:
    """`make messages` again, into another folder: the same messages, no more and no fewer."""
    sources, found = tmp_path / "planbank", tmp_path / "locale"
    # Extraction writes beside the templates for a moment, so it gets a copy of them.
    shutil.copytree(PACKAGE, sources, ignore=shutil.ignore_patterns("locale", "static", "__pycache__"))
    found.mkdir()
    subprocess.run([sys.executable, "-P", "-c", EXTRACT, found], cwd=sources, check=True, capture_output=True)
    wanted = {entry.key for entry in entries(found / "da" / "LC_MESSAGES" / "django.po")}
    known = {entry.key for entry in danish}
    assert sorted(wanted - known) == [], "not translated: run make messages"
    assert sorted(known - wanted) == [], "said nowhere any more: run make messages"


def test_no_words_where_extraction_cannot_see_them(danish: list[Entry]) -> None:
    known = {entry.keys["msgid"] for entry in danish}
    said = {words for path in sorted(PACKAGE.rglob("*.py")) for words in _marked(path.read_text("utf-8"))}
    assert len(said) > 300
    assert sorted(said - known - UNSEEN) == []


def _marked(source: str) -> Iterator[str]:
    """Every text that Python hands to gettext."""
    if "django.utils.translation" not in source:
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            assert isinstance(node.args[0], ast.Constant), f"not a plain text: {ast.unparse(node)}"
            yield str(node.args[0].value)


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("/sign-in/", ["Log ind", "planbank opbevarer komplette stråleplaner"]),
        ("/", ["Overblik", "Intet er modtaget endnu.", "Kræver din opmærksomhed"]),
        ("/plans/", ["Planer", "Ingen plan endnu"]),
        ("/patients/", ["Patienter", "Ingen patient endnu"]),
        ("/account/", ["Hvad du må se, og hvorfor", "Du arbejder på"]),
        ("/no/such/page/", ["Du må ikke se dette, eller det findes ikke", "Hvad der er sikkert"]),
    ],
)
def test_pages_are_danish_for_who_asks(
    bank: House,
    client_of: Callable[[User | None], Client],
    person_of: Callable[[str], User],
    danish: list[Entry],
    address: str,
    says: list[str],
) -> None:
    browser = client_of(None if "sign-in" in address else person_of("OUH"))
    answer = browser.get(address, headers={"accept-language": "da, en;q=0.5"})
    assert '<html lang="da"' in answer.text
    assert answer.headers["Content-Language"] == "da"
    text = html.unescape(answer.text)
    assert [words for words in says if words not in text] == []
    assert [words for words in _english(danish) if words in text] == []


def _english(danish: list[Entry]) -> list[str]:
    """English long enough to be told from a name in the markup."""
    every = ((source, text) for e in danish for source, text in zip(e.sources(), e.texts, strict=True))
    return [s for s, text in every if len(s) > 11 and " " in s and not PLACEHOLDER.search(s) and s != text]


def test_english_unless_asked(bank: House, client_of: Callable[[User | None], Client]) -> None:
    answer = client_of(None).get("/sign-in/", headers={"accept-language": "de, fr"})
    assert '<html lang="en"' in answer.text
    assert "planbank keeps complete radiotherapy plans" in answer.text
