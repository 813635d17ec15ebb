"""Profiles: which options of PS3.15 annex E hold for copies of a kind.

Comes in: a profile's name. Goes out: a frozen `Profile`. All of them are the Basic Application Level
Confidentiality Profile with Clean Descriptors and Retain Longitudinal Temporal Information with
Modified Dates; UIDs are always replaced.
"""

from __future__ import annotations

from dataclasses import dataclass

from planbank.errors import DeidentifyError


@dataclass(frozen=True, slots=True)
class Option:
    """An option of the profile: its column in the table and its code (PS3.16, CID 7050)."""

    column: str
    code: str
    meaning: str


BASIC = Option("basic", "113100", "Basic Application Confidentiality Profile")
CLEAN_DESCRIPTORS = Option("descriptors", "113105", "Clean Descriptors Option")
MODIFIED_DATES = Option(
    "modified_dates", "113107", "Retain Longitudinal Temporal Information Modified Dates Option"
)
PATIENT_CHARACTERISTICS = Option("patient", "113108", "Retain Patient Characteristics Option")
SAFE_PRIVATE = Option("safe_private", "113111", "Retain Safe Private Option")


@dataclass(frozen=True, slots=True)
class Profile:
    """What a copy is for, and the options that hold besides the Basic Profile."""

    name: str
    purpose: str
    options: tuple[Option, ...]

    @property
    def columns(self) -> frozenset[str]:
        """The columns of the table that count."""
        return frozenset(option.column for option in self.options)


PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            "audit",
            "copies for observers of an audit study",
            (BASIC, CLEAN_DESCRIPTORS, MODIFIED_DATES),
        ),
        Profile(
            "export",
            "pseudonymised export for research: age, sex, size, weight and safe private numbers stay",
            (BASIC, CLEAN_DESCRIPTORS, MODIFIED_DATES, PATIENT_CHARACTERISTICS, SAFE_PRIVATE),
        ),
        Profile(
            "foreign",
            "upload from where no identity may leave: age, sex, size and weight stay",
            (BASIC, CLEAN_DESCRIPTORS, MODIFIED_DATES, PATIENT_CHARACTERISTICS),
        ),
    )
}


def profile_named(name: str) -> Profile:
    """The profile of that name. Raises DeidentifyError, which lists those there are."""
    if name not in PROFILES:
        raise DeidentifyError(f"There is no profile of that name; there are {', '.join(PROFILES)}.")
    return PROFILES[name]
