"""How long every declared page takes in a bank of national size, and how often it asks the database.

python -m bench.pages HOME [--runs 20] [--only plans]

HOME is one that `bench.nation` made. Each page of `access/surface/site.py` that can be opened by GET is
asked as four people (one who works for a centre, a masked reader, a key user, the administrator),
through all of the site's middleware, in this process. The table has one line a page: the slowest
person's p95, the same as a multiple of a trivial page measured in between, and the queries.
"""
