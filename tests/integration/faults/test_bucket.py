"""S3 denies access to a file: the file is loaded as soon as S3 allows it."""

from __future__ import annotations

import json

from tests.support.faults.trial import Trial


def test_a_file_that_s3_denies_is_retried_until_it_can_be_read(trial: Trial) -> None:
    s3, bucket = trial.cloud.session().client("s3"), trial.cloud.outputs().landing_bucket
    stock = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    refusal = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject*",
        "Resource": f"arn:aws:s3:::{bucket}/{trial.folder}*",
    }
    policy = json.loads(stock)
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy | {"Statement": [*policy["Statement"], refusal]}))
    try:
        landed = trial.land(trial.content(rows=100))
        trial.wait_for_failure(landed)
    finally:
        s3.put_bucket_policy(Bucket=bucket, Policy=stock)
    trial.rest()
    assert trial.tables() == trial.undisturbed()
