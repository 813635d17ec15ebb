"""`planbank dvh`: dose-volume histograms of files, without server or database.

Comes in: files and folders (roles by Modality) and metrics as people type them. Goes out: a
table, a CSV file or JSON on standard output; notes and errors on standard error. Exit code 0;
1 where the files do not give a DVH; 2 for a call that cannot be right.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from planbank.errors import DicomError, ExpressionError, MetricError, NoDvhError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from planbank.dicom.plan import Plan
    from planbank.dose.choice import Choice, Decision, PlanFacts
    from planbank.dose.results import RoiResult


def dvh_files(
    paths: Sequence[Path],
    metrics: str,
    csv_path: Path | None,
    as_json: bool,
    out: TextIO,
    *,
    cache_dir: Path | None = None,
    derive: Sequence[str] = (),
    laterality: str | None = None,
) -> int:
    """Calculate and print DVHs.

    Args:
        paths: DICOM files, or folders that are searched through.
        metrics: such as 'Dmean,D95%,D1cc,V20Gy'; may be empty.
        csv_path: file to write, or None.
        as_json: JSON alone on `out`.
        out: where table or JSON go.
        cache_dir: folder of the compile cache; None is the user's own.
        derive: 'Name = expression', structures made of others.
        laterality: 'left' or 'right', the treated side, for ipsi and contra.
    """
    _use_cache(cache_dir or Path.home() / ".cache" / "planbank" / "numba")
    from planbank.commands.dvh_table import write
    from planbank.dose.metrics import parse_list

    missing = [path for path in paths if not path.exists()]
    try:
        wanted = parse_list(metrics)
    except MetricError as exc:
        return _fail(str(exc), 2)
    if missing or not paths:
        return _fail(f"There is no {missing[0]}." if missing else "Name files or folders.", 2)
    if laterality not in (None, "left", "right"):
        return _fail("The side is 'left' or 'right'.", 2)
    try:
        options = {"derive": list(derive), "laterality": laterality}
        results = _results(_gather(paths), options)
        write(results, wanted, csv_path, as_json, out)
    except (ExpressionError, NoDvhError, DicomError) as exc:
        return _fail(str(exc), 2 if isinstance(exc, ExpressionError) else 1)
    return 0


@dataclass
class _Files:
    """What was found: (path, syntax, data-set bytes) by role."""

    structure_sets: list[tuple[Path, str, bytes]] = field(default_factory=list)
    plans: list[tuple[Path, str, bytes]] = field(default_factory=list)
    doses: list[tuple[Path, str, bytes]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)


def _use_cache(folder: Path) -> None:
    """Tell numba where compiled code is kept, before anything compiled is imported."""
    import numba

    numba.config.CACHE_DIR = str(folder)


def _fail(message: str, code: int) -> int:
    sys.stderr.write(f"{message}\n")
    return code


def _each_file(paths: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    """Files with whether they were named themselves."""
    for path in paths:
        if path.is_dir():
            yield from ((inner, False) for inner in sorted(path.rglob("*")) if inner.is_file())
        else:
            yield path, True


def _gather(paths: Sequence[Path]) -> _Files:
    """Sort files by Modality; images and what is no DICOM inside folders are passed over."""
    from planbank.dicom import encoding, headers

    found = _Files()
    places = {"RTSTRUCT": found.structure_sets, "RTPLAN": found.plans, "RTDOSE": found.doses}
    for path, named in _each_file(paths):
        try:
            syntax, data = encoding.split_file(path.read_bytes())
            header = headers.scan(data, syntax)
        except DicomError as exc:
            if named:
                raise NoDvhError(f"{path}: {exc}") from exc
            continue
        place = places.get(header.modality)
        if place is not None and header.sop_instance_uid not in found.seen:
            found.seen.add(header.sop_instance_uid)
            place.append((path, syntax, bytes(data)))
    return found


def _results(files: _Files, options: dict[str, Any]) -> list[RoiResult]:
    from planbank.dicom.plan import read_plan

    if not files.doses:
        raise NoDvhError("There is no RTDOSE among the files.")
    plans = [read_plan(data, syntax) for _, syntax, data in files.plans]
    structure_set = _structure_set(files, plans)
    results: list[RoiResult] = []
    for facts, decision in _decisions(files, plans):
        _note(decision)
        for choice in decision.choices:
            results += _results_of(files, structure_set, facts, choice, options)
    if not results:
        raise NoDvhError("None of the doses can be used for a DVH.")
    return results


def _structure_set(files: _Files, plans: list[Plan]) -> tuple[str, bytes]:
    """The only structure set, or the only one that a plan names."""
    from planbank.dicom import headers

    if not files.structure_sets:
        raise NoDvhError("There is no RTSTRUCT among the files.")
    cited = {uid for plan in plans for uid in plan.structure_set_uids}
    there = files.structure_sets
    if len(there) > 1:
        there = [one for one in there if headers.scan(one[2], one[1]).sop_instance_uid in cited]
    if len(there) != 1:
        count = len(files.structure_sets)
        raise NoDvhError(f"There are {count} RTSTRUCTs; name one, or its RTPLAN beside it.")
    return there[0][1], there[0][2]


def _decisions(files: _Files, plans: list[Plan]) -> list[tuple[PlanFacts, Decision]]:
    """Which doses to use, plan by plan; plans that are named but not there count as without beams."""
    from planbank.dicom.dose_grid import read_dose, read_dose_info
    from planbank.dose.choice import PlanFacts, choose, dose_facts, plan_facts

    known = {plan.sop_instance_uid: plan_facts(plan) for plan in plans}
    only = next(iter(known)) if len(known) == 1 else ""
    by_plan: dict[str, list[Any]] = {}
    for _, syntax, data in files.doses:
        info = read_dose_info(data, syntax)
        maximum = None
        if info.geometry is not None and info.scaling is not None:
            maximum = read_dose(data, syntax).maximum
        named = [plan.sop_instance_uid for plan in info.plans] or [only]
        of = next((uid for uid in named if uid in known), named[0])
        by_plan.setdefault(of, []).append(dose_facts(info, of, maximum))
    return [
        (facts := known.get(uid, PlanFacts(uid, ())), choose(facts, doses)) for uid, doses in by_plan.items()
    ]


def _note(decision: Decision) -> None:
    for text in decision.waiting:
        sys.stderr.write(f"No sum of doses: {text}.\n")
    for uid, why in decision.passed:
        sys.stderr.write(f"Dose {uid} is not used. {why}\n")
    for finding in decision.findings:
        sys.stderr.write(f"{finding.says}\n")


def _results_of(
    files: _Files,
    structure_set: tuple[str, bytes],
    facts: PlanFacts,
    choice: Choice,
    options: dict[str, Any],
) -> Iterable[RoiResult]:
    from planbank.dicom import headers
    from planbank.dicom.dose_grid import read_dose
    from planbank.dicom.structure_set import read_structure_set
    from planbank.dose.notebook import of_opened
    from planbank.dose.sampling import field_of

    syntax, data = structure_set
    opened = read_structure_set(data, syntax)
    grids = [
        read_dose(data, syntax)
        for _, syntax, data in files.doses
        if headers.scan(data, syntax).sop_instance_uid in choice.dose_uids
    ]
    grids.sort(key=lambda grid: grid.info.sop_instance_uid)
    source = field_of(grids, [choice.scale] * len(grids))
    return of_opened(opened, source, facts.prescription_gy, **options)
