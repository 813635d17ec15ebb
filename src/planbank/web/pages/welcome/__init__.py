"""The one-time link: a person sets their own first password."""
