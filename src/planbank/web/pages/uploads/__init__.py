"""Uploads: files sent by the site, for centres without DICOM (R18, R19, R198)."""

from planbank.web.pages.uploads import receive, views

__all__ = ["receive", "views"]
