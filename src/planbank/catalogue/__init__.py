"""Patients, studies, series, instances and their versions, submissions, findings."""
