"""Metrics of a DVH by name: 'D95%', 'D2cc', 'V20Gy', 'V95%[PTV 68]', 'Dmean[EQD2(3)]', 'gEUD(8)'.

Comes in: a metric as people type it and a `Dvh`. Goes out: a `MetricValue` with its unit,
null where it cannot be had, with bounds where it depends on tissue outside the dose grid.
A metric is one function below with its pattern; forms, exports and docs read REGISTRY.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from planbank.dose import curve
from planbank.dose.curve import Answer
from planbank.dose.eqd2 import as_eqd2, eqd2
from planbank.dose.metric_types import REASONS, Asked, Entry, Metric, MetricValue, Prescriptions
from planbank.dose.uncertainty import plus_minus
from planbank.errors import MetricError

if TYPE_CHECKING:
    from planbank.dose.engine import Dvh

__all__ = [
    "REASONS",
    "REGISTRY",
    "Asked",
    "Entry",
    "Metric",
    "MetricValue",
    "Prescriptions",
    "evaluate",
    "metric",
    "parse",
    "parse_list",
]

REGISTRY: dict[str, Entry] = {}


Function = Callable[[Asked], Answer | str]


def metric(pattern: str, *units: str) -> Callable[[Function], Function]:
    """Register a metric. `{x}` in the pattern stands for a number; the docstring is its description.

    The function answers in its default unit, or with a key of REASONS.
    """
    number = r"(?P<x>[-+]?[0-9]*\.?[0-9]+)"
    shape = re.compile(re.escape(pattern).replace(r"\{x\}", number) + r"\Z", re.IGNORECASE)

    def register(function: Function) -> Function:
        says = (function.__doc__ or "").strip().splitlines()[0]
        REGISTRY[pattern] = Entry(pattern, units, says, function, shape)
        return function

    return register


def parse(typed: str) -> Metric:
    """Understand a metric. Raises MetricError that says what would be right."""
    plain = typed.strip()
    match = re.fullmatch(r"([^\[\]]+)((?:\[[^\[\]]*\])*)", plain)
    if match is None:
        raise MetricError(f"'{plain}': write the unit or prescription in brackets at the end, as V20Gy[cc].")
    name, brackets = match[1].replace(" ", ""), re.findall(r"\[([^\[\]]*)\]", match[2])
    entry, x = _entry(name, plain)
    unit, prescription, alpha_beta = entry.units[0], "", None
    for inner in (part.strip() for part in brackets):
        if inner[:4].upper() == "EQD2":
            alpha_beta = _alpha_beta(inner, plain)
            continue
        known = {one.lower(): one for one in ("Gy", "%", "cc", "cm3")}.get(inner.lower())
        if known is None:
            prescription = inner
            continue
        known = "cc" if known == "cm3" else known
        if known not in entry.units:
            raise MetricError(f"'{plain}': {entry.pattern} can be had in {' or '.join(entry.units)}.")
        unit = known
    return Metric(plain, entry.pattern, x, unit, prescription, alpha_beta)


def _alpha_beta(inner: str, typed: str) -> float:
    found = re.fullmatch(r"EQD2\s*\(\s*([0-9]*\.?[0-9]+)\s*\)", inner, re.IGNORECASE)
    if found is None or not float(found[1]) > 0.0:
        raise MetricError(f"'{typed}': EQD2 needs alpha/beta in Gy, above 0, as Dmean[EQD2(3)].")
    return float(found[1])


def parse_list(typed: str) -> list[Metric]:
    """Metrics between commas; commas within brackets belong to a name. Raises MetricError."""
    parts = re.findall(r"(?:[^,\[\]]|\[[^\]]*\]|[\[\]])+", typed)
    return [parse(part) for part in parts if part.strip()]


def evaluate(
    asked: str | Metric,
    dvh: Dvh,
    prescriptions: Prescriptions = None,
    *,
    body: Dvh | None = None,
    fractions: int | None = None,
    uncertain: bool = True,
) -> MetricValue:
    """The value of a metric.

    Args:
        asked: as typed, or parsed before.
        dvh: of the ROI.
        prescriptions: Gy, or several by name; None where there is none (never the maximum).
        body: the DVH of the whole body in the same dose, for conformity.
        fractions: in which the dose is given; EQD2 needs it.
        uncertain: tell the uncertainty too (some tens of microseconds).

    Raises MetricError where the text is no metric.
    """
    wanted = parse(asked) if isinstance(asked, str) else asked
    entry = REGISTRY[wanted.pattern]
    prescription = _prescription(prescriptions, wanted.prescription)
    if wanted.alpha_beta is not None:
        if not fractions:
            return MetricValue(wanted.typed, None, wanted.unit, "no-fractions")
        dvh = as_eqd2(dvh, wanted.alpha_beta, fractions)
        body = as_eqd2(body, wanted.alpha_beta, fractions) if body is not None else None
        if prescription:
            prescription = eqd2(prescription, wanted.alpha_beta, fractions)
    if dvh.volume_cc <= 0.0:
        return MetricValue(wanted.typed, None, wanted.unit, "no-volume")
    if dvh.max_gy is None and wanted.pattern != "Volume":
        return MetricValue(wanted.typed, None, wanted.unit, "no-dose")

    def ask(of: Dvh) -> Answer | str | None:
        answer = entry.function(Asked(of, wanted.x or 0.0, wanted.unit, prescription, body))
        return answer if isinstance(answer, str) else _in_unit(answer, entry, wanted.unit, of, prescription)

    def number(of: Dvh) -> float | None:
        answer = ask(of)
        return answer.value if isinstance(answer, Answer) else None

    answer = ask(dvh)
    if answer is None:
        return MetricValue(wanted.typed, None, wanted.unit, "no-prescription")
    if isinstance(answer, str):
        return MetricValue(wanted.typed, None, wanted.unit, answer)
    found = MetricValue(wanted.typed, answer.value, wanted.unit)
    if uncertain and answer.value is not None:
        extreme = {"Dmax": "max", "Dmin": "min"}.get(wanted.pattern, "")
        found = replace(found, plus_minus=plus_minus(dvh, number, extreme=extreme))
    if answer.depends:
        return replace(found, reason="outside", low=answer.low, high=answer.high)
    return found if answer.value is not None else replace(found, reason="undefined")


def _entry(name: str, typed: str) -> tuple[Entry, float | None]:
    for entry in REGISTRY.values():
        found = entry.shape.match(name)
        if found is None:
            continue
        x = float(found["x"]) if "x" in found.groupdict() else None
        if x is not None and x < 0 and not entry.pattern.startswith("gEUD"):
            raise MetricError(f"'{typed}': the number must not be negative.")
        if x is not None and re.match(r"C?D\w*{x}%", entry.pattern) and x > 100:
            raise MetricError(f"'{typed}': a part of the volume is at most 100 %.")
        return entry, x
    raise MetricError(f"'{typed}' is none of {', '.join(REGISTRY)}{_hint(name)}.")


def _hint(name: str) -> str:
    """What was probably meant."""
    number = re.search(r"[0-9]*\.?[0-9]+", name)
    if number is None:
        return ""
    if re.match(r"[vV]", name):
        return f"; V needs a dose with its unit: V{number[0]}Gy or V{number[0]}%"
    if re.match(r"[dD]", name):
        return f"; D needs a volume with its unit: D{number[0]}% or D{number[0]}cc"
    return ""


def _prescription(given: Prescriptions, name: str) -> float | None:
    if isinstance(given, Mapping):
        return given.get(name)
    return given if not name else None


def _in_unit(answer: Answer, entry: Entry, want: str, dvh: Dvh, prescription: float | None) -> Answer | None:
    """The answer in another unit: Gy as % of the prescription, % of the volume as cc."""
    have = entry.units[0]
    if have == want:
        return answer
    if have == "Gy":
        if not prescription:
            return None
        factor = 100.0 / prescription
    else:
        factor = dvh.volume_cc / 100.0
    value, low, high = (None if v is None else v * factor for v in answer[:3])
    return Answer(value, low, high, answer.depends)


def _percent(answer: Answer, dvh: Dvh) -> Answer:
    value, low, high = (None if v is None else 100.0 * v / dvh.volume_cc for v in answer[:3])
    return Answer(value, low, high, answer.depends)


def _complement(answer: Answer, dvh: Dvh) -> Answer:
    """The rest of the volume; bounds change places."""
    value, low, high = (None if v is None else dvh.volume_cc - v for v in answer[:3])
    return Answer(value, high, low, answer.depends)


@metric("D{x}%", "Gy", "%")
def dose_to_percent(asked: Asked) -> Answer | str:
    """Least dose within the hottest x % of the volume."""
    return curve.dose_to(asked.dvh, asked.dvh.volume_cc * asked.x / 100.0)


@metric("D{x}cc", "Gy", "%")
def dose_to_cc(asked: Asked) -> Answer | str:
    """Least dose within the hottest x cc."""
    if asked.x > asked.dvh.volume_cc:
        return "too-small"
    return curve.dose_to(asked.dvh, asked.x)


@metric("DC{x}%", "Gy", "%")
def cold_dose_percent(asked: Asked) -> Answer | str:
    """Highest dose within the coldest x % of the volume."""
    return curve.dose_to(asked.dvh, asked.dvh.volume_cc * (1.0 - asked.x / 100.0))


@metric("DC{x}cc", "Gy", "%")
def cold_dose_cc(asked: Asked) -> Answer | str:
    """Highest dose within the coldest x cc."""
    if asked.x > asked.dvh.volume_cc:
        return "too-small"
    return curve.dose_to(asked.dvh, asked.dvh.volume_cc - asked.x)


@metric("V{x}Gy", "%", "cc")
def volume_at_dose(asked: Asked) -> Answer | str:
    """Part of the volume that gets at least x Gy."""
    return _percent(curve.volume_at(asked.dvh, asked.x), asked.dvh)


@metric("V{x}%", "%", "cc")
def volume_at_percent(asked: Asked) -> Answer | str:
    """Part of the volume that gets at least x % of the prescription."""
    if not asked.prescription_gy:
        return "no-prescription"
    return _percent(curve.volume_at(asked.dvh, asked.prescription_gy * asked.x / 100.0), asked.dvh)


@metric("CV{x}Gy", "%", "cc")
def cold_volume_at_dose(asked: Asked) -> Answer | str:
    """Part of the volume that gets less than x Gy."""
    return _percent(_complement(curve.volume_at(asked.dvh, asked.x), asked.dvh), asked.dvh)


@metric("CV{x}%", "%", "cc")
def cold_volume_at_percent(asked: Asked) -> Answer | str:
    """Part of the volume that gets less than x % of the prescription."""
    if not asked.prescription_gy:
        return "no-prescription"
    above = curve.volume_at(asked.dvh, asked.prescription_gy * asked.x / 100.0)
    return _percent(_complement(above, asked.dvh), asked.dvh)


@metric("Dmean", "Gy", "%")
def mean_dose(asked: Asked) -> Answer | str:
    """Mean dose over the part with dose."""
    dvh = asked.dvh
    mean = dvh.mean_gy
    if mean is None or not dvh.outside_cc:
        return Answer(mean, mean, mean, False)
    low = mean * curve.covered_cc(dvh) / dvh.volume_cc
    return Answer(mean, low, low + dvh.edge_gy * dvh.outside_cc / dvh.volume_cc, True)


@metric("Dmin", "Gy", "%")
def minimum_dose(asked: Asked) -> Answer | str:
    """Lowest dose in the part with dose."""
    low = asked.dvh.min_gy
    return Answer(low, 0.0 if asked.dvh.outside_cc else low, low, bool(asked.dvh.outside_cc))


@metric("Dmax", "Gy", "%")
def maximum_dose(asked: Asked) -> Answer | str:
    """Highest dose in the part with dose."""
    dvh, high = asked.dvh, asked.dvh.max_gy
    if high is None or not dvh.outside_cc or high >= dvh.edge_gy:
        return Answer(high, high, high, False)
    return Answer(high, high, dvh.edge_gy, True)


@metric("Dmedian", "Gy", "%")
def median_dose(asked: Asked) -> Answer | str:
    """Dose that half of the volume gets at least: D50%."""
    return curve.dose_to(asked.dvh, asked.dvh.volume_cc / 2.0)


@metric("gEUD({x})", "Gy", "%")
def equivalent_uniform_dose(asked: Asked) -> Answer | str:
    """Generalised equivalent uniform dose with exponent x: (mean of dose^x)^(1/x)."""
    dvh, a = asked.dvh, asked.x
    if a == 0.0:
        return "undefined"
    doses, volumes = curve.differential(dvh)
    value = _generalised(doses, volumes, a)
    if not dvh.outside_cc:
        return Answer(value, value, value, False)
    more = np.append(volumes, dvh.outside_cc)
    low = _generalised(np.append(doses, 0.0), more, a)
    return Answer(value, low, _generalised(np.append(doses, dvh.edge_gy), more, a), True)


def _generalised(doses: np.ndarray, volumes: np.ndarray, a: float) -> float:
    """Scaled by the highest dose, so that large exponents do not overflow."""
    doses, volumes = doses[volumes > 0], volumes[volumes > 0]
    top = float(doses.max())
    if top <= 0.0 or (a < 0 and float(doses.min()) <= 0.0):
        return 0.0
    mean = float((volumes * (doses / top) ** a).sum() / volumes.sum())
    return top * math.pow(mean, 1.0 / a)


@metric("HI", "")
def homogeneity_index(asked: Asked) -> Answer | str:
    """Homogeneity index of ICRU 83: (D2% - D98%) / D50%."""
    whole = asked.dvh.volume_cc
    parts = [curve.dose_to(asked.dvh, whole * part) for part in (0.02, 0.98, 0.5)]
    hot, cold, middle = (part.value for part in parts)
    depends = any(part.depends for part in parts)
    if hot is None or cold is None or not middle:
        return Answer(None, None, None, depends)
    return Answer((hot - cold) / middle, None, None, depends)


@metric("CI", "")
def conformity_index(asked: Asked) -> Answer | str:
    """Conformity index of Paddick: covered target squared over target times prescription isodose volume."""
    if not asked.prescription_gy:
        return "no-prescription"
    if asked.body is None:
        return "needs-body"
    target = curve.volume_at(asked.dvh, asked.prescription_gy)
    isodose = curve.volume_at(asked.body, asked.prescription_gy)
    if target.value is None or not isodose.value:
        return "undefined"
    value = target.value**2 / (asked.dvh.volume_cc * isodose.value)
    return Answer(value, None, None, target.depends or isodose.depends)


@metric("Volume", "cc")
def volume(asked: Asked) -> Answer | str:
    """The whole volume, with dose or not."""
    return Answer(asked.dvh.volume_cc, None, None, False)
