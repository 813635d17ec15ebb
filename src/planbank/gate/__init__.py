"""The gate: DICOM's way in. C-STORE from every hospital comes in, sealed parcels go out.

It knows neither the database nor the private keys: bytes only, parsing happens behind it
(receive.md, Rules of the gate).
"""
