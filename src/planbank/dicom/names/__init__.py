"""Names of structures that everybody knows.

Comes in: nothing but two tables. Goes out: whether a name is one of them. `tg263.csv`: names and
reverse-order names of AAPM TG-263 (nomenclature worksheet of 15 August 2017); `danish.csv`: usual
Danish and English names with the TG-263 name they stand for, our own collection.
"""

from planbank.dicom.names.standard import Known, is_standard, known_names

__all__ = ["Known", "is_standard", "known_names"]
