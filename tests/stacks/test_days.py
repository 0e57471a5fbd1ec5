"""Each retention in the configuration applies to the resource that it names, shown with a different value for each."""

from dataclasses import replace
from functools import cache

from config.environments import PROD
from config.network import FlowLogToCloudWatch
from tests.support.promises import has
from tests.support.synthesis import Synthesized, synthesize

# Each number of days is unique.
FOUNDATION = replace(PROD.foundation, log_bucket_days=200)
NETWORK = replace(PROD.network, flow_log=FlowLogToCloudWatch(days=180), dns_log_days=150)
DATABASE = replace(PROD.database, log_days=30, backup_days=21)
INGESTION = replace(PROD.ingestion, log_days=60, archive_days=90)
# Days of each log group, by a part of its logical id.
KEPT = {
    "NetworkFlowLogsDnsQueryLogGroup": 150,
    "NetworkFlowLogsFlowLogGroup": 180,
    "DatabaseServer": 30,
    "DatabaseProxy": 30,
    "Ingestion": 60,
}


@cache
def _all_different() -> Synthesized:
    different = replace(PROD, foundation=FOUNDATION, network=NETWORK, database=DATABASE, ingestion=INGESTION)
    return synthesize(different)


def test_each_log_is_kept_for_its_configured_days() -> None:
    everything = _all_different().everything().items()
    groups = {id_: one["Properties"] for id_, one in everything if one["Type"] == "AWS::Logs::LogGroup"}
    for part, days in KEPT.items():
        found = {id_: group for id_, group in groups.items() if part in id_}
        assert found, f"{part} has no log group"
        for id_, group in found.items():
            has(id_, group, {"RetentionInDays": days})
    (rule,) = _all_different().only("Foundation", "AWS::S3::Bucket")["LifecycleConfiguration"]["Rules"]
    has("the log bucket", rule, {"ExpirationInDays": 200})


def test_events_and_backups_are_kept_for_their_configured_days() -> None:
    has("the archive", _all_different().only("Pipeline", "AWS::Events::Archive"), {"RetentionDays": 90})
    has("the database", _all_different().only("Data", "AWS::RDS::DBInstance"), {"BackupRetentionPeriod": 21})
