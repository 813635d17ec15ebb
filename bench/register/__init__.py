"""What registration costs: parcels of CT slices into an empty bank and into one of national size.

python -m bench.register [HOME made by bench.nation] [--objects 3000]

Every line is one run of the same objects. *floor*: read, SHA-256, write, fsync of as many bytes by
hand, one after the other. *archive half*: verify, open, walk, hash, put, sync. *database half*:
rows, due work and journal, committed. *whole*: both, with the parcels' deletion.
"""
