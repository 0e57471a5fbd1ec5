"""Every mistake, by the area of the architecture in which it is made."""

from tests.mutants.catalogue import (
    alarms,
    database,
    delivery,
    functions,
    housekeeping,
    network,
    permissions,
    pipeline,
    portability,
    public_web,
    sign_in,
    storage,
    upkeep,
    web,
    web_group,
)

CATALOGUE = (
    *network.MUTANTS,
    *database.MUTANTS,
    *storage.MUTANTS,
    *pipeline.MUTANTS,
    *functions.MUTANTS,
    *web.MUTANTS,
    *public_web.MUTANTS,
    *permissions.MUTANTS,
    *portability.MUTANTS,
    *alarms.MUTANTS,
    *delivery.MUTANTS,
    *upkeep.MUTANTS,
    *housekeeping.MUTANTS,
    *web_group.MUTANTS,
    *sign_in.MUTANTS,
)
