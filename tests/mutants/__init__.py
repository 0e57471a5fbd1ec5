"""Mutation tests of the infrastructure: each mistake, made in a copy of the tree, must fail a test that names it.

`python -m tests.mutants [PART OF A NAME ...]` (`make mutants`) makes the mistakes that `catalogue/` lists.
"""
