"""The +/- of every metric is honest: it covers the error as often as it says (dose.md 13)."""

from __future__ import annotations

import numpy as np
import pytest

from planbank.dose.engine import Dvh, dvh, stored_dvh
from planbank.dose.metrics import evaluate
from planbank.dose.uncertainty import variants
from tests.dose import phantoms
from tests.dose.phantoms import linear, opened_dose, opened_structure_set

METRICS = ("Volume", "Dmean", "D95%", "D50%")


def of(contours: list[np.ndarray], gradient: tuple[float, float, float], **options: object) -> Dvh:
    opened = opened_structure_set({"body": contours})
    return dvh(opened, opened_dose(linear(gradient), extent=(60, 60, 90)), **options)[0]  # type: ignore[arg-type]


def cone(radius: float, length: float, spacing: float, phase: float) -> list[np.ndarray]:
    return phantoms.solid(lambda z: radius * (length - z) / length, 0.0, length, spacing, phase)


def truths(fractions: np.ndarray, volume: float, where: np.ndarray) -> dict[str, float]:
    """Of a body whose volume in order of z is `fractions` at `where` (mm), dose 30 + z."""
    doses = 30 + where
    found = {"Volume": volume / 1000, "Dmean": float(np.trapezoid(doses, fractions))}
    return found | {f"D{n}%": float(np.interp(1 - n / 100, fractions, doses)) for n in (95, 50)}


def test_it_covers_the_error_of_bodies_with_flat_ends_as_often_as_it_says() -> None:
    """Cylinders and cones whose ends lie anywhere between planes: 95 % were meant, 90 % are asked."""
    rng = np.random.default_rng(90212)
    covered: dict[str, list[bool]] = {metric: [] for metric in METRICS}
    wide: list[float] = []
    for _ in range(40):
        radius, length = rng.uniform(6, 14), rng.uniform(12, 30)
        spacing, phase = float(rng.choice([1.0, 2.0, 3.0])), float(rng.random())
        where = np.linspace(0, length, 4001)
        for pointed in (False, True):
            share = 1 - (1 - where / length) ** 3 if pointed else where / length
            volume = np.pi * radius**2 * length / (3 if pointed else 1)
            drawn = (
                cone(radius, length, spacing, phase)
                if pointed
                else phantoms.solid(lambda z, r=radius: np.full(np.shape(z), r), 0.0, length, spacing, phase)
            )
            found = of(drawn, (0, 0, 1))
            for metric, truth in truths(share, volume, where).items():
                one = evaluate(metric, found)
                assert one.value is not None and one.plus_minus is not None
                covered[metric].append(abs(one.value - truth) <= one.plus_minus)
                wide.append(one.plus_minus / one.value)
    for metric, hits in covered.items():
        assert np.mean(hits) >= 0.9, metric
    assert np.median(wide) < 0.1, "wide enough covers anything"


@pytest.mark.parametrize("spacing", [1.0, 3.0])
def test_a_sphere_is_surer_than_a_cylinder_and_thin_slices_than_thick(spacing: float) -> None:
    round_one = evaluate("Volume", of(phantoms.sphere(12, spacing, 0.5), (1, 0, 0))).plus_minus
    flat = [phantoms.circle(12, z) for z in np.arange(-12, 12.1, spacing)]
    flat_one = evaluate("Volume", of(flat, (1, 0, 0))).plus_minus
    thick = evaluate("Volume", of(phantoms.sphere(12, 2 * spacing, 0.5), (1, 0, 0))).plus_minus
    assert round_one is not None and flat_one is not None and thick is not None
    assert round_one < 0.5 * flat_one
    assert round_one < thick
    end = np.pi * 144 * spacing / np.sqrt(12)
    assert flat_one == pytest.approx(2 * end * np.sqrt(2) / 1000, rel=0.02), (
        "two ends, each even over a slice"
    )


def test_units_follow() -> None:
    found = of(phantoms.sphere(12, 3, 0.2), (0.5, 0, 0.5))
    in_gy, in_percent = evaluate("Dmean", found), evaluate("Dmean[%]", found, 50.0)
    assert in_gy.plus_minus is not None
    assert in_percent.plus_minus == pytest.approx(2 * in_gy.plus_minus)
    cc, part = evaluate("V30Gy[cc]", found), evaluate("V30Gy", found)
    assert cc.plus_minus is not None and part.plus_minus is not None
    assert cc.plus_minus > 0 and part.plus_minus > 0


def test_other_conventions_tell_none() -> None:
    assert evaluate("D95%", of(phantoms.sphere(9, 3), (1, 0, 0), end_caps="slab")).plus_minus is None
    assert evaluate("D95%", of(phantoms.sphere(9, 3), (1, 0, 0)), uncertain=False).plus_minus is None


def test_it_is_stored_with_the_curve() -> None:
    found = of(phantoms.sphere(9, 3, 0.3), (0, 0, 1))
    names = ("number", "name", "dose_uids", "volume_cc", "outside_cc", "min_gy", "mean_gy", "max_gy", "flags")
    again = stored_dvh(
        found.packed, parameters=found.parameters, **{name: getattr(found, name) for name in names}
    )
    for metric in (*METRICS, "D0.03cc", "Dmax"):
        assert evaluate(metric, again).plus_minus == pytest.approx(
            evaluate(metric, found).plus_minus, abs=1e-3
        )


def test_variants_are_lawful_curves() -> None:
    made = variants(of(phantoms.sphere(9, 3, 0.3), (0.4, 0, 1)))
    assert len(made) == 4  # two ends, shape, dose
    for one in made:
        assert (np.diff(one.curve) <= 1e-12).all()
        assert (one.curve >= 0).all()
