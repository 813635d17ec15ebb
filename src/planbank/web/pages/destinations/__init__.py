"""Destinations: the DICOM nodes that plans may be forwarded to."""
