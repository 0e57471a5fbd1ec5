"""Every mistake: the `MUTANTS` of each module in the folders of the capabilities, found by discovery.

`common` is for what several capabilities share. It and the core capabilities use files and tests of the core only, so
that nothing else changes when the folder of an optional capability is deleted.
"""

import importlib
import pkgutil
from collections.abc import Iterator

from tests.mutants.mutant import Mutant


def _found() -> Iterator[Mutant]:
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        if not module.ispkg:
            yield from importlib.import_module(module.name).MUTANTS


CATALOGUE = tuple(_found())
