"""Patients made once for all tests of this room; the tests only read them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from planbank.demo.patients import Site, SyntheticPatient, make_patient

# Between them: both sides of the body, all manners of naming, both character sets.
SAMPLES: dict[str, tuple[Site, str, int]] = {
    "tonsil": ("head-and-neck", "Vejle", 11),
    "breast": ("breast", "OUH", 12),
    "prostate": ("prostate", "Aalborg", 13),
    "glioma": ("proton", "AUH", 14),
}


@pytest.fixture(scope="session")
def made() -> Callable[[str], SyntheticPatient]:
    cache: dict[str, SyntheticPatient] = {}

    def get(name: str) -> SyntheticPatient:
        if name not in cache:
            site, institution, seed = SAMPLES[name]
            cache[name] = make_patient(site, seed=seed, institution=institution)
        return cache[name]

    return get


@pytest.fixture(params=sorted(SAMPLES))
def patient(request: pytest.FixtureRequest, made: Callable[[str], SyntheticPatient]) -> SyntheticPatient:
    """Each sample in turn, complete."""
    return made(request.param)
