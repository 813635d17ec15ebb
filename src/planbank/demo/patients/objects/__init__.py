"""DICOM objects of a case: CT, structure set, plan, dose, treatment record, MR.

Comes in: a `Case` and a `Study`. Goes out: pydicom data sets with their file meta information.
"""
