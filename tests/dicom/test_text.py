"""Text by Specific Character Set, with the examples of DICOM PS3.5 annexes H to K."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.dicom import text

EXAMPLES = [
    (b"", b"Adams^John ", "Adams^John"),
    (b"ISO_IR 100", b"S\xf8rensen^\xc5se", "Sørensen^Åse"),
    (b"ISO_IR 144", "Иванов^Юлия".encode("iso8859-5"), "Иванов^Юлия"),
    (b"ISO_IR 192", "Wang^XiaoDong=王^小东".encode(), "Wang^XiaoDong=王^小东"),
    (b"GB18030", "Wang^XiaoDong=王^小东".encode("gb18030"), "Wang^XiaoDong=王^小东"),
    (
        b"\\ISO 2022 IR 87",
        b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
    ),
    (
        b"\\ISO 2022 IR 149",
        b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
        "Hong^Gildong=洪^吉洞=홍^길동",
    ),
    (b"ISO 2022 IR 100\\ISO 2022 IR 144", b"\xc5se\x1b-L\xbb\xee^\xc5", "ÅseЛю^Å"),
]


@pytest.mark.parametrize(("declared", "value", "expected"), EXAMPLES)
def test_examples(declared: bytes, value: bytes, expected: str) -> None:
    assert text.decode(value, text.character_set(declared)) == (expected, False)


@pytest.mark.parametrize("declared", [b"", b"KLINGON", b"ISO_IR 192"])
def test_what_does_not_fit_is_guessed(declared: bytes) -> None:
    assert text.decode(b"S\xf8ren", text.character_set(declared)) == ("Søren", True)


def test_the_fallback_of_a_sender() -> None:
    assert text.decode(b"\xa3\xf3d\x9f", text.character_set(b""), "cp1250") == ("Łódź", True)
    assert text.decode(b"S\xf8ren", text.character_set(b""), "no-such-codec") == ("Søren", True)


@given(st.binary(max_size=60), st.binary(max_size=40))
def test_never_raises(declared: bytes, value: bytes) -> None:
    decoded, guessed = text.decode(value, text.character_set(declared))
    assert isinstance(decoded, str)
    assert isinstance(guessed, bool)
