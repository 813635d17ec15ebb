"""All pages of a dictionary: importing this declares them."""

from planbank.web.pages.dictionary import more, rules

__all__ = ["more", "rules"]
