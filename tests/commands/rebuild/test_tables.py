"""What an export holds: every table is kept, derived or passing, and nothing kept hangs on what is not."""

from __future__ import annotations

from django.apps import apps

from planbank.commands.rebuild.tables import DERIVED, FILLED_AGAIN, PASSING, kept


def test_what_is_left_out_is_there() -> None:
    """A table that was renamed is not silently kept or forgotten."""
    labels = {model._meta.label for model in apps.get_models(include_auto_created=True)}
    assert labels >= DERIVED
    assert labels >= PASSING
    for label, columns in FILLED_AGAIN.items():
        fields = {field.column: field for field in apps.get_model(label)._meta.concrete_fields}
        assert all(fields[column].null for column in columns), "left empty until it is filled again"


def test_nothing_kept_refers_to_what_is_not() -> None:
    labels = {one.label for one in kept()}
    for label in labels:
        for field in apps.get_model(label)._meta.concrete_fields:
            if field.related_model is not None:
                assert field.related_model._meta.label in labels, f"{label}.{field.name}"


def test_what_people_decide_is_kept() -> None:
    labels = {one.label for one in kept()}
    decided = {
        *("people.User", "protocols.Membership", "protocols.Enrolment", "access.Grant", "journal.Entry"),
        *("naming.DictionaryRule", "erasure.Tombstone", "delivery.Delivery", "catalogue.Submission"),
        *("protocols.Firing", "catalogue.Receipt", "catalogue.IdentityChange", "mfa.Authenticator"),
    }
    assert decided <= labels
