"""What every declared page costs in a bank of national size: time, processor, questions to the database.

python -m bench.pages HOME [--runs 20] [--only plans] [--explain 3]

HOME is one that `bench.nation` made. Each page of `access/surface/site.py` that can be opened by GET is
asked as four people (one who works for a centre, a masked reader, a key user, the administrator),
through all of the site's middleware, in this process. The table has one line a page, for the person
it is dearest for: p95, processor time of the page and of the database, queries, queries slower than
20 ms. `--explain N` adds the plans of the N slowest queries of each page asked.
`bench.crowd` is the same over HTTP: people at once, while the bank receives.
"""
