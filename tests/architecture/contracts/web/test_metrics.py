"""The instances write their metrics where the platform's own metrics are."""

import re

from tests.support.contracts.deployed import Deployed
from tests.support.web.contracts import WebApp


def test_the_instances_metrics_are_in_the_namespace_of_the_ingestion_function(platform: Deployed, web: WebApp) -> None:
    namespaces = re.findall(r'"namespace": "(\S+)"', web.script)
    assert set(namespaces) == {platform.runtime("ingestion").variables["METRICS_NAMESPACE"]}
