"""Uploads: files sent by the site, for centres without DICOM (R18, R19, R198)."""

from planbank.web.pages.uploads import receive, rules, views

__all__ = ["receive", "rules", "views"]
