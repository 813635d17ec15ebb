"""Reads of the catalogue that pages share. Each takes querysets that the policy has narrowed already."""
