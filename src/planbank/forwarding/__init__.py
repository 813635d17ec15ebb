"""Sending objects to other DICOM nodes."""
