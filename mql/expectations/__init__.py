"""What must be true of the raw tables and of the marts, as Great Expectations suites.

`raw.py` and `marts.py` are the two doors: lists of checks, each a claim, a query that
finds the rows that break it, and a note for whoever has to act. `check.py` runs the
queries in DuckDB, `site.py` hands the counts to Great Expectations and writes Data Docs.
"""
