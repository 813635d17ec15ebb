"""Patients by first treatment date: chart, table, CSV."""
