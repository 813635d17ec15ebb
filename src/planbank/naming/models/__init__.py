"""The tables of structure dictionaries."""

from planbank.naming.models.choice import Choice
from planbank.naming.models.dictionary import Dictionary, DictionaryRule, Edition

__all__ = ["Choice", "Dictionary", "DictionaryRule", "Edition"]
