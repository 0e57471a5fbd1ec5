"""Infrastructure mutants: realistic mistakes, made one at a time on a copy, each of which a test must call by its name.

`python -m tests.mutants [NAME PART ...]` (`make mutants`) makes them; `catalogue/` lists them.
"""
