"""Prometheus text read strictly: every series declared once before its first value.

Comes in: exposition format 0.0.4. Goes out: series without the common prefix -> value.
"""

from __future__ import annotations

import re

PREFIX = "planbank_gate_"
_HEAD = re.compile(r"# (HELP|TYPE) planbank_gate_([a-z_]+) (.+)")
_VALUE = re.compile(
    r'planbank_gate_([a-z_]+?)(_bucket|_sum|_count)?(\{[a-z]+="[^"\n]*"(,[a-z]+="[^"\n]*")*\})? (\S+)'
)


def read(text: str) -> dict[str, float]:
    """Raises AssertionError where the text is not well-formed."""
    assert text.endswith("\n")
    declared: dict[str, str] = {}
    found: dict[str, float] = {}
    for line in text.splitlines():
        if head := _HEAD.fullmatch(line):
            if head[1] == "TYPE":
                assert head[2] not in declared, f"declared twice: {line}"
                declared[head[2]] = head[3]
            continue
        value = _VALUE.fullmatch(line)
        assert value, f"not understood: {line}"
        name = value[1] if value[1] in declared else value[1] + (value[2] or "")
        assert name in declared, f"not declared: {line}"
        series = line[len(PREFIX) :].rsplit(" ", 1)[0]
        assert series not in found, f"given twice: {line}"
        found[series] = float(value[5])
    return found
