"""Which tables a settings export holds.

Comes in: the models of the bank. Goes out: those that nothing else can bring back, with their columns. A
table that nobody named here is kept: forgetting one costs room, never a decision.
"""

from __future__ import annotations

from dataclasses import dataclass

# Calculated from the archive's objects and the tables that are kept.
DERIVED = frozenset(
    f"catalogue.{name}"
    for name in (
        *("StructureSet", "Roi", "Plan", "Dose", "TreatmentRecord", "Registration", "Member", "Bundle"),
        *("ChosenDose", "ChosenDose_versions", "Calculation", "Calculation_plan_sets", "Dvh", "TpsDvh"),
        *("Scene", "ScenePart", "ImageStack", "NameUse"),
    )
) | {
    "audits.Comparison",
    "audits.PlannedDvh",
    "audits.Overlay",
    "protocols.Verdict",
    "naming.DerivedDvh",
    "analysis.PlanSum",
}

# True for a moment only, or made by Django itself.
PASSING = frozenset(
    (
        *("auth.Permission", "auth.Group", "auth.Group_permissions", "contenttypes.ContentType"),
        *("sessions.Session", "usersessions.UserSession", "account.EmailConfirmation"),
        *("socialaccount.SocialToken", "pipeline.Outcome", "pipeline.Rerun", "pipeline.ServiceVersion"),
        *("procrastinate.ProcrastinateWorker", "procrastinate.ProcrastinateJob"),
        *("procrastinate.ProcrastinateEvent", "procrastinate.ProcrastinatePeriodicDefer"),
    )
)

# Columns that a service fills from the object itself, in tables that are kept.
FILLED_AGAIN = {"catalogue.InstanceVersion": {"headers", "facts"}}


@dataclass(frozen=True)
class Kept:
    """One table of an export."""

    label: str
    table: str
    columns: tuple[str, ...]


def kept() -> list[Kept]:
    """Every table of an export, by name."""
    from django.apps import apps

    found = []
    for model in apps.get_models(include_auto_created=True):
        meta = model._meta
        if meta.label in DERIVED | PASSING or not meta.managed or meta.proxy:
            continue
        left = FILLED_AGAIN.get(meta.label, set())
        columns = tuple(field.column for field in meta.concrete_fields if field.column not in left)
        found.append(Kept(meta.label, meta.db_table, columns))
    return sorted(found, key=lambda one: one.label)


def migrations() -> dict[str, str]:
    """The newest migration of every app: an export fits a database of the same ones."""
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    applied = MigrationRecorder(connection).applied_migrations()
    newest: dict[str, str] = {}
    for app, name in applied:
        newest[app] = max(newest.get(app, ""), name)
    return dict(sorted(newest.items()))
