"""Constraints of a protocol: what is asked, how plans keep it, changing it, overruling a verdict."""

from planbank.web.pages.constraints import reviewing, views

__all__ = ["reviewing", "views"]
