"""Four treatment sites: what is treated, what is drawn, how it is irradiated.

Comes in: a `Build`. Goes out: a `Case`, free of DICOM.
"""
