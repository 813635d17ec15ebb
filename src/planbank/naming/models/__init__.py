"""The tables of structure dictionaries."""

from planbank.naming.models.choice import Choice
from planbank.naming.models.derived import DerivedDvh
from planbank.naming.models.dictionary import Dictionary, DictionaryRule, Edition

__all__ = ["Choice", "DerivedDvh", "Dictionary", "DictionaryRule", "Edition"]
