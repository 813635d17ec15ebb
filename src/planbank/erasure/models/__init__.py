"""The tables of erasure."""

from planbank.erasure.models.ageing import Ageing, KeepLonger
from planbank.erasure.models.erasure import Erasure
from planbank.erasure.models.tombstone import Tombstone

__all__ = ["Ageing", "Erasure", "KeepLonger", "Tombstone"]
