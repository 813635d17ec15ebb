"""Structure dictionaries of the largest protocols: thirty types, and a rule for every name they go by.

Three names in four have a rule; the rest stand unmapped, as in a protocol that is being worked on.
"""

from __future__ import annotations

from bench.nation.sketch import Sketch
from bench.nation.tables.rois import ROIS
from planbank.demo.patients.naming import MANNERS, roi_name

PROTOCOLS, TYPES = 5, 30


def fill(sketch: Sketch) -> None:
    """Types, one edition, its rules."""
    names: dict[str, set[str]] = {}
    for site, keys in ROIS.items():
        for key in keys:
            names.setdefault(key, set()).update(roi_name(site, key, manner) for manner in MANNERS)
    common = sorted(names, key=lambda key: (-sum(key in keys for keys in ROIS.values()), key))[:TYPES]
    sketch.run("CREATE TABLE nation.type (n int, name text)")
    sketch.copy("nation.type", ("n", "name"), list(enumerate(common, 1)))
    sketch.run("CREATE TABLE nation.entry (n int, entry text)")
    entries = {(entry, n) for n, key in enumerate(common, 1) for entry in names[key]}
    sketch.copy("nation.entry", ("n", "entry"), [(n, e) for i, (e, n) in enumerate(sorted(entries)) if i % 4])
    every = f"generate_series(1, {PROTOCOLS}) p"
    sketch.insert(
        "protocols_structuretype",
        {
            "id": f"(p - 1) * {TYPES} + t.n",
            "protocol_id": "p",
            "name": "t.name",
            "order": "t.n",
            "need": "CASE WHEN t.n <= 10 THEN 'required' ELSE 'optional' END",
        },
        f"FROM {every} CROSS JOIN nation.type t",
    )
    sketch.insert("naming_dictionary", {"id": "p", "protocol_id": "p", "edition": "1"}, f"FROM {every}")
    sketch.insert(
        "naming_edition",
        {"id": "p", "dictionary_id": "p", "number": "1", "at": "%(now)s", "kind": "'import'"},
        f"FROM {every}",
    )
    sketch.insert(
        "naming_dictionaryrule",
        {
            "id": "row_number() OVER ()",
            "dictionary_id": "p",
            "entry": "e.entry",
            "structure_type_id": f"(p - 1) * {TYPES} + e.n",
            "added_in_id": "p",
        },
        f"FROM {every} CROSS JOIN nation.entry e",
    )
