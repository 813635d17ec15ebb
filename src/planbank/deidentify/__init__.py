"""De-identification: DICOM files in, copies that nobody can trace out (R111; PS3.15 annex E).

Comes in: the bytes of DICOM files, a profile, names to keep and a key for each copy. Goes out: the
same objects with other identities, every reference still leading where it led, every number, contour
and pixel byte for byte; or a refusal that says why. Needs neither server nor Django. `template`
reads an object once, `copies` writes as many as are wanted.
"""
