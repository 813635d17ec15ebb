"""Texture: the same at every resolution, of about unit spread, of the asked shares."""

from __future__ import annotations

import numpy as np

from planbank.demo.patients.geometry.texture import mixed, mottled, noise

FINE = np.arange(-60, 60, 1.5, dtype=np.float32)


def test_noise_does_not_depend_on_the_grid() -> None:
    read = noise(9, 5)
    coarse = FINE[::4]
    assert np.array_equal(read(FINE, FINE, FINE)[::4, ::4, ::4], read(coarse, coarse, coarse))


def test_noise_has_about_unit_spread_and_is_smooth() -> None:
    values = noise(9, 6)(FINE, FINE, FINE)
    assert 0.5 < values.std() < 1.2
    assert np.abs(np.diff(values, axis=2)).mean() < 0.3 * values.std()
    assert not np.array_equal(values, noise(9, 7)(FINE, FINE, FINE))


def test_mixtures() -> None:
    assert abs(mottled(40, 6, 9, 1)(FINE, FINE, FINE).mean() - 40) < 3
    patches = mixed(-100, 50, 0.2, 9, 1, blur=0.01)(FINE, FINE, FINE)
    assert 0.1 < (patches > 0).mean() < 0.3
    assert patches.min() >= -100.01
    assert patches.max() <= 50.01
