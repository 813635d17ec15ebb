"""Speed and soundness of anonymised copies of a real set (R104, R111).

`python -m bench.deidentify FOLDER [--copies 100]` prints one table: files a second and core, and what the
verifier of the tests, which reads bytes by itself, finds in all copies: leaks of what the originals say of
people and places, references that dangle, identities that two copies or an original share. A copy that is
only fast is worth nothing, so both stand in one run.
"""
