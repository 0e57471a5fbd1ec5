"""The housekeeping function on the local cloud."""

from __future__ import annotations

import json

from local_cloud.cloud import LocalCloud
from tests.support.orders import drop, ledger, query, wait_for


def test_the_nightly_run_deletes_old_rejects_and_keeps_the_ledger(local_cloud: LocalCloud) -> None:
    dropped = drop(local_cloud, bad_lines=["x"])
    file_id = wait_for(local_cloud, dropped)["file_id"]
    age = "UPDATE files SET finished_at = now() - interval '8 days' WHERE file_id = %s RETURNING rows_rejected"
    assert query(local_cloud, age, file_id) == [{"rows_rejected": 1}]
    functions = local_cloud.session().client("lambda")
    (name,) = (
        each["FunctionName"]
        for page in functions.get_paginator("list_functions").paginate()
        for each in page["Functions"]
        if each["Handler"].startswith("housekeeping.")
    )
    answered = functions.invoke(FunctionName=name, Payload=b"{}")
    assert json.loads(answered["Payload"].read())["left"] == 0
    assert query(local_cloud, "SELECT 1 FROM rejected_rows WHERE file_id = %s", file_id) == []
    assert [row["rows_rejected"] for row in ledger(local_cloud, dropped)] == [1]
