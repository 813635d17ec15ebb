"""The rules of the walk once more, slowly: one pass over the whole data set by recursion.

Comes in: whole bytes. Goes out: the status that the gate must answer, 0 where it must accept.
It shares no code with the gate, so that a fault there is not repeated here.
"""

from __future__ import annotations

from dataclasses import dataclass

MALFORMED, MISMATCH = 0xC000, 0xA900
SHORT = ["AE", "AS", "AT", "CS", "DA", "DS", "DT", "FL", "FD", "IS", "LO", "LT"]
SHORT += ["PN", "SH", "SL", "SS", "ST", "TM", "UI", "UL", "US"]
OPEN = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = (0xFFFE, 0xE000), (0xFFFE, 0xE00D), (0xFFFE, 0xE0DD)
OPAQUE = {(0x0028, n) for n in (0x1201, 0x1202, 0x1203, 0x1204, 0x1221, 0x1222, 0x1223, 0x3006)}
OPAQUE |= {(0x0042, 0x0011), (0x5400, 0x1010)}


class Refused(Exception):
    """args[0] is the status."""


def judge(data: bytes, coding: str, sop_class: str, sop_instance: str) -> int:
    """`coding`: 'implicit', 'explicit' or 'big'."""
    reader = Reader(data, {(8, 0x16): sop_class, (8, 0x18): sop_instance})
    try:
        reader.data_set(0, len(data), coding, 0, closes=False, top=True)
        if reader.wanted:
            raise Refused(MISMATCH)
    except Refused as refused:
        return refused.args[0]
    return 0


@dataclass
class Reader:
    data: bytes
    wanted: dict[tuple[int, int], str]

    def number(self, at: int, size: int, coding: str) -> int:
        return int.from_bytes(self.data[at : at + size], "big" if coding == "big" else "little")

    def tag(self, at: int, coding: str) -> tuple[int, int]:
        return self.number(at, 2, coding), self.number(at + 2, 2, coding)

    def data_set(self, at: int, end: int, coding: str, depth: int, *, closes: bool, top: bool = False) -> int:
        """Read elements up to `end`, or up to the delimiter where one `closes` it; where it ended."""
        last = (7, 0xFFFF)
        while at < end or closes:
            if end - at < 8:
                raise Refused(MALFORMED)
            tag = self.tag(at, coding)
            if tag <= last:
                raise Refused(MALFORMED)
            if tag == ITEM_END and not top and (closes or at + 8 == end):
                return at + 8
            if tag[0] >= 0xFFFE:
                raise Refused(MALFORMED)
            last = tag
            at = self.element(at, end, coding, depth, tag, top)
            if at > end:
                raise Refused(MALFORMED)
        return at

    def element(self, at: int, end: int, coding: str, depth: int, tag: tuple[int, int], top: bool) -> int:
        vr = ""
        if coding == "implicit":
            start, length = at + 8, self.number(at + 4, 4, coding)
        else:
            vr = self.data[at + 4 : at + 6].decode("latin-1")
            start, length = at + 8, self.number(at + 6, 2, coding)
            if vr not in SHORT:
                if not all("A" <= letter <= "Z" for letter in vr) or at + 12 > end:
                    raise Refused(MALFORMED)
                start, length = at + 12, self.number(at + 8, 4, coding)
        if top:
            self.identify(tag, start, length, end)
        kind, inner = self.kind(tag, vr, start, length, coding, end)
        if kind == "value":
            return start + length
        if depth == 64:
            raise Refused(MALFORMED)
        if length == OPEN:
            return self.items(start, end, inner, depth + 1, kind, closes=True)
        if start + length > end:
            raise Refused(MALFORMED)
        return self.items(start, start + length, inner, depth + 1, kind, closes=False)

    def identify(self, tag: tuple[int, int], start: int, length: int, end: int) -> None:
        if any(wanted < tag for wanted in self.wanted):
            raise Refused(MISMATCH)
        uid = self.wanted.pop(tag, None)
        if uid is None:
            return
        if length > 66:
            raise Refused(MISMATCH)
        if start + length > end:
            raise Refused(MALFORMED)
        if self.data[start : start + length].strip(b"\0 ") != uid.encode():
            raise Refused(MISMATCH)

    def kind(
        self, tag: tuple[int, int], vr: str, start: int, length: int, coding: str, end: int
    ) -> tuple[str, str]:
        if vr == "SQ":
            return "sequence", coding
        if length == OPEN:
            if tag[0] == 0x7FE0 or vr not in ("", "UN"):
                return "fragments", coding
            return "sequence", "implicit"
        private = tag[0] % 2 == 1
        bulk = private or tag[0] >> 8 in (0x50, 0x60, 0x7F) or tag in OPAQUE
        begins = end - start >= 4 and self.data[start : start + 4] == b"\xfe\xff\x00\xe0"
        if coding == "implicit" and begins and length >= 8 and not bulk:
            return "sequence", coding
        return "value", coding

    def items(self, at: int, end: int, coding: str, depth: int, kind: str, *, closes: bool) -> int:
        while at < end or closes:
            if end - at < 8:
                raise Refused(MALFORMED)
            tag, length = self.tag(at, coding), self.number(at + 4, 4, coding)
            at += 8
            if tag == SEQUENCE_END and (closes or at == end):
                return at
            if tag != ITEM or (kind == "fragments" and length == OPEN):
                raise Refused(MALFORMED)
            if length != OPEN and at + length > end:
                raise Refused(MALFORMED)
            if kind == "fragments":
                at += length
            elif length == OPEN:
                at = self.data_set(at, end, coding, depth, closes=True)
            else:
                at = self.data_set(at, at + length, coding, depth, closes=False)
        return at
