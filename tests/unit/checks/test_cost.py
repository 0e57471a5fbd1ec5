"""What resources cost: quantities times the prices of a table, idle and under load, and what has no price is named."""

from dataclasses import replace
from typing import Any

import pytest

from checks.cost.bill import bill
from checks.cost.free import FREE, is_free
from checks.cost.instance_types import hours, vcpus
from checks.cost.load import HOURS, IDLE, NAMES, Load, LoadError, changed, read
from checks.cost.prices import FALLBACK, prices, table
from checks.cost.registry import PRICED
from checks.cost.report import difference, rendered
from checks.cost.subject import Charge, Subject
from checks.templates import ResourceId, Templates
from tests.support.changes_sketch import APP, DATA, Sketch, att, ref

US = prices("us-east-1")
LOAD = replace(
    IDLE,
    objects_per_day=24_000,
    mb_per_object=1,
    seconds_per_object=2,
    months_kept=2,
    requests_per_day=1_000_000,
    kb_per_request=10,
    users=100,
    peak_hours_per_day=6,
    database_gb=50,
    database_million_ios=10,
    nat_gb=100,
    log_gb=10,
    flow_log_gb=20,
)
OBJECTS = 1000 * HOURS  # a month


def _charges(sketch: Sketch, id_: str, load: Load = IDLE) -> dict[str, float]:
    """The quantities of a resource of the first stack, by price."""
    subject = Subject(id=ResourceId(stack=DATA, logical_id=id_), templates=Templates(stacks=sketch.stacks), load=load)
    found = PRICED[sketch.stacks[DATA]["Resources"][id_]["Type"]](subject)
    return {charge.price: charge.quantity for charge in found if charge.quantity}


def test_every_price_has_a_value_for_each_region_a_unit_and_a_source() -> None:
    whole = table()
    names = {frozenset(entry) for entry in whole["price"]}
    assert len(names) == 1, "some entries lack a region that others have"
    assert {"id", "unit", "source", "us-east-1", "eu-central-1"} <= next(iter(names))
    ids = [entry["id"] for entry in whole["price"]]
    assert len(set(ids)) == len(ids)
    assert all(entry["us-east-1"] > 0 and entry["eu-central-1"] > 0 for entry in whole["price"])


def test_a_price_in_frankfurt_is_at_least_that_of_virginia_and_at_most_half_more() -> None:
    """A wrong digit shows here."""
    for entry in table()["price"]:
        assert 1 <= entry["eu-central-1"] / entry["us-east-1"] <= 1.5, entry["id"]


def test_the_region_of_the_prices_and_their_date_are_named() -> None:
    assert prices("eu-central-1").note.startswith("Prices of eu-central-1, written down on 20")
    assert prices("eu-central-1").usd["nat-gateway-hour"] == 0.052


@pytest.mark.parametrize(("region", "says"), [("", "The region is left open."), ("id", "The table has no id.")])
def test_an_open_or_unknown_region_has_the_prices_of_another_and_says_so(region: str, says: str) -> None:
    assert prices(region).usd == prices(FALLBACK).usd
    assert prices(region).note.startswith(f"Prices of {FALLBACK},")
    assert prices(region).note.endswith(says)


def test_no_type_is_both_priced_and_free() -> None:
    assert not FREE & PRICED.keys()


def test_custom_resources_are_free() -> None:
    assert is_free("Custom::Anything")
    assert not is_free("AWS::Quantum::Computer")


def test_a_type_without_a_price_function_is_reported() -> None:
    sketch = Sketch().add("Computer", "AWS::Quantum::Computer").add("Key", "AWS::KMS::Key")
    found = bill(Templates(stacks=sketch.stacks), US, IDLE)
    assert found.unpriced == ("AWS::Quantum::Computer",)
    assert found.idle == found.loaded == 1
    text = rendered(sketch.stacks, US, IDLE)
    assert "Without a price, and missing in the sums: AWS::Quantum::Computer." in text


def test_a_price_that_the_table_lacks_is_reported_and_counts_as_nothing() -> None:
    sketch = Sketch().add("Database", "AWS::RDS::DBInstance", DBInstanceClass="db.z9.large")
    found = bill(Templates(stacks=sketch.stacks), US, IDLE)
    assert (found.unpriced, found.idle) == (("postgres-z9-large-hour",), 0)


@pytest.mark.parametrize(
    ("type_", "price", "factor", "processors"),
    [
        ("t4g.small", "t4g-large", 1 / 4, 2),
        ("m7g.medium", "m7g-large", 1 / 2, 1),
        ("db.m6g.large", "m6g-large", 1, 2),
        ("db.r6g.xlarge", "r6g-large", 2, 4),
        ("m7g.16xlarge", "m7g-large", 32, 64),
    ],
)
def test_a_size_is_a_multiple_of_large(type_: str, price: str, factor: float, processors: float) -> None:
    assert hours("ec2", type_, 100) == Charge(f"ec2-{price}-hour", 100 * factor)
    assert vcpus(type_) == processors


def test_a_size_without_a_factor_needs_a_price_of_its_own() -> None:
    assert hours("ec2", "m7g.metal", 1) == Charge("ec2-m7g.metal-hour", 1)


def test_a_nat_gateway_costs_by_the_hour_and_by_its_part_of_the_traffic() -> None:
    sketch = Sketch().add("One", "AWS::EC2::NatGateway").add("Two", "AWS::EC2::NatGateway")
    assert _charges(sketch, "One") == {"nat-gateway-hour": HOURS}
    assert _charges(sketch, "One", LOAD) == {"nat-gateway-hour": HOURS, "nat-gateway-gb": 50, "internet-out-gb": 50}


def test_a_regional_nat_gateway_costs_in_each_zone() -> None:
    sketch = Sketch().add("Nat", "AWS::EC2::NatGateway", AvailabilityMode="regional")
    for number in range(6):
        sketch.add(f"Subnet{number}", "AWS::EC2::Subnet", AvailabilityZone=f"zone {number % 3}")
    assert _charges(sketch, "Nat") == {"nat-gateway-hour": 3 * HOURS, "public-ipv4-hour": 3 * HOURS}


def test_only_interface_endpoints_cost_in_each_zone() -> None:
    sketch = (
        Sketch()
        .add("Gateway", "AWS::EC2::VPCEndpoint", VpcEndpointType="Gateway")
        .add("Interface", "AWS::EC2::VPCEndpoint", VpcEndpointType="Interface", SubnetIds=["a", "b"])
    )
    assert _charges(sketch, "Gateway") == {}
    assert _charges(sketch, "Interface") == {"interface-endpoint-hour": 2 * HOURS}


def test_a_load_balancer_on_the_internet_pays_for_addresses_and_traffic() -> None:
    kind = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    sketch = Sketch().add("Inner", kind, Scheme="internal", Subnets=["a", "b"])
    requests = 1_000_000 * HOURS / 24
    units = requests / (25 * 3600)
    assert _charges(sketch, "Inner", LOAD) == {
        "load-balancer-hour": HOURS,
        "load-balancer-capacity-unit-hour": pytest.approx(units),
    }
    sketch = Sketch().add("Outer", kind, Scheme="internet-facing", Subnets=["a", "b"])
    assert _charges(sketch, "Outer", LOAD) == {
        "load-balancer-hour": HOURS,
        "load-balancer-capacity-unit-hour": pytest.approx(units),
        "public-ipv4-hour": 2 * HOURS,
        "internet-out-gb": pytest.approx(requests * 10 / 1024**2),
    }


@pytest.mark.parametrize(("kind", "price"), [("s3", "log-to-s3-gb"), ("cloud-watch-logs", "log-gb")])
def test_a_flow_log_costs_by_where_it_goes(kind: str, price: str) -> None:
    sketch = Sketch().add("FlowLog", "AWS::EC2::FlowLog", LogDestinationType=kind)
    assert _charges(sketch, "FlowLog") == {}
    assert _charges(sketch, "FlowLog", LOAD) == {price: 20}


def _group(**properties: Any) -> Sketch:
    instance = {
        "InstanceType": "m7g.large",
        "BlockDeviceMappings": [{"Ebs": {"VolumeSize": 16}}],
        "Monitoring": {"Enabled": True},
    }
    return (
        Sketch()
        .add("Described", "AWS::EC2::LaunchTemplate", LaunchTemplateData=instance)
        .add("Group", "AWS::AutoScaling::AutoScalingGroup", MinSize="2", MaxSize="4", **properties)
        .add("Warm", "AWS::AutoScaling::WarmPool", AutoScalingGroupName=ref("Group"), MinSize=3)
    )


def test_a_group_costs_its_minimum_when_idle_and_its_maximum_in_peak_hours() -> None:
    sketch = _group(LaunchTemplate={"LaunchTemplateId": ref("Described")})
    assert _charges(sketch, "Group") == {
        "ec2-m7g-large-hour": 2 * HOURS,
        "gp3-volume-gb": 32,
        "custom-metric": 14,
    }
    # Six hours of 24 with two instances more.
    assert _charges(sketch, "Group", LOAD)["ec2-m7g-large-hour"] == pytest.approx(2.5 * HOURS)


def test_a_mixed_group_has_the_price_of_its_first_type() -> None:
    mixed = {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": {"LaunchTemplateId": ref("Described")},
            "Overrides": [{"InstanceType": "t4g.small"}, {"InstanceType": "m7g.large"}],
        }
    }
    assert _charges(_group(MixedInstancesPolicy=mixed), "Group")["ec2-t4g-large-hour"] == HOURS / 2


def test_stopped_instances_cost_their_volumes() -> None:
    assert _charges(_group(LaunchTemplate={"LaunchTemplateId": ref("Described")}), "Warm") == {"gp3-volume-gb": 48}


def _messages() -> Sketch:
    function: dict[str, Any] = {"MemorySize": 2048, "Architectures": ["arm64"]}
    return (
        Sketch()
        .add("Reader", "AWS::Lambda::Function", **function)
        .add("Other", "AWS::Lambda::Function", **function)
        .add("Live", "AWS::Lambda::Alias", FunctionName=ref("Reader"))
        .add("Queue", "AWS::SQS::Queue")
        .add("Dead", "AWS::SQS::Queue")
        .add(
            "Mapping",
            "AWS::Lambda::EventSourceMapping",
            FunctionName={"Fn::Join": ["", ["prefix:", ref("Live")]]},
            EventSourceArn=att("Queue", "Arn"),
        )
    )


def test_only_a_function_that_gets_messages_is_called_for_objects() -> None:
    assert _charges(_messages(), "Reader") == _charges(_messages(), "Other", LOAD) == {}
    assert _charges(_messages(), "Reader", LOAD) == {
        "lambda-million-calls": OBJECTS / 1e6,
        "lambda-arm64-gb-second": OBJECTS * 2 * 2,
    }


def test_only_a_queue_that_a_function_reads_gets_messages() -> None:
    assert _charges(_messages(), "Dead", LOAD) == {}
    assert _charges(_messages(), "Queue", LOAD) == {"sqs-million-requests": OBJECTS * 3 / 1e6}


def test_capacity_that_is_kept_ready_costs_without_load() -> None:
    ready = _messages().put("Live", ProvisionedConcurrencyConfig={"ProvisionedConcurrentExecutions": 3})
    assert _charges(ready, "Live") == {"lambda-arm64-provisioned-gb-second": 3 * 2 * HOURS * 3600}
    snapshot = _messages().put("Reader", SnapStart={"ApplyOn": "PublishedVersions"})
    assert _charges(snapshot, "Reader") == {"lambda-snapstart-gb-second": 2 * HOURS * 3600}


def test_a_standby_doubles_the_instance_and_its_storage() -> None:
    single: dict[str, Any] = {
        "DBInstanceClass": "db.m6g.xlarge",
        "AllocatedStorage": "100",
        "DatabaseInsightsMode": "advanced",
        "ManageMasterUserPassword": True,
    }
    sketch = Sketch().add("Database", "AWS::RDS::DBInstance", **single)
    assert _charges(sketch, "Database") == {
        "postgres-m6g-large-hour": 2 * HOURS,
        "postgres-gp3-gb": 100,
        "insights-advanced-vcpu-hour": 4 * HOURS,
        "secret": 1,
    }
    assert _charges(sketch.put("Database", MultiAZ=True), "Database") == {
        "postgres-m6g-large-hour": 4 * HOURS,
        "postgres-gp3-gb": 200,
        "insights-advanced-vcpu-hour": 8 * HOURS,
        "secret": 1,
    }


def _cluster(least: float = 2, most: float = 10) -> Sketch:
    scaling = {"MinCapacity": least, "MaxCapacity": most}
    return (
        Sketch()
        .add("Cluster", "AWS::RDS::DBCluster", ServerlessV2ScalingConfiguration=scaling)
        .add("Writer", "AWS::RDS::DBInstance", DBClusterIdentifier=ref("Cluster"), DBInstanceClass="db.serverless")
        .add("Proxy", "AWS::RDS::DBProxy")
        .add("Targets", "AWS::RDS::DBProxyTargetGroup", DBProxyName=ref("Proxy"), DBClusterIdentifiers=[ref("Cluster")])
    )


def test_a_serverless_instance_has_its_clusters_capacity() -> None:
    assert _charges(_cluster(), "Writer") == {"aurora-acu-hour": 2 * HOURS}
    assert _charges(_cluster(), "Writer", LOAD) == {"aurora-acu-hour": pytest.approx(4 * HOURS)}
    assert _charges(_cluster(least=0), "Writer") == {}
    assert _charges(_cluster(), "Cluster", LOAD) == {"aurora-gb": 50, "aurora-million-ios": 10}


def test_a_fixed_instance_of_a_cluster_has_auroras_price_and_no_storage() -> None:
    sketch = _cluster().put("Writer", DBInstanceClass="db.r6g.large")
    assert _charges(sketch, "Writer") == {"aurora-r6g-large-hour": HOURS}
    assert _charges(sketch, "Proxy") == {"database-proxy-vcpu-hour": 2 * HOURS}


def test_a_proxy_costs_by_the_size_of_its_database_with_a_minimum() -> None:
    assert _charges(_cluster(), "Proxy") == {"database-proxy-acu-hour": 8 * HOURS}
    assert _charges(_cluster(most=16), "Proxy", LOAD) == {"database-proxy-acu-hour": pytest.approx(10 * HOURS)}
    sketch = (
        Sketch()
        .add("Database", "AWS::RDS::DBInstance", DBInstanceClass="db.m6g.xlarge")
        .add("Proxy", "AWS::RDS::DBProxy")
        .add(
            "Targets", "AWS::RDS::DBProxyTargetGroup", DBProxyName=ref("Proxy"), DBInstanceIdentifiers=[ref("Database")]
        )
    )
    assert _charges(sketch, "Proxy") == {"database-proxy-vcpu-hour": 4 * HOURS}
    assert _charges(sketch.put("Database", DBInstanceClass="db.m6g.medium"), "Proxy") == {
        "database-proxy-vcpu-hour": 2 * HOURS
    }


def test_objects_land_in_buckets_that_send_events() -> None:
    sends = {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    sketch = (
        Sketch()
        .add("Landing", "AWS::S3::Bucket", NotificationConfiguration=sends)
        .add("Logs", "AWS::S3::Bucket")
        .add("Rule", "AWS::Events::Rule")
        .add("Archive", "AWS::Events::Archive")
    )
    assert _charges(sketch, "Logs", LOAD) == _charges(sketch, "Landing") == {}
    assert _charges(sketch, "Landing", LOAD) == {"s3-gb": OBJECTS / 1024 * 2, "s3-thousand-puts": OBJECTS / 1000}
    assert _charges(sketch, "Rule", LOAD) == {"eventbridge-million-events": OBJECTS / 1e6}
    assert _charges(sketch, "Archive", LOAD) == {"eventbridge-archived-gb": pytest.approx(OBJECTS / 1024**2)}


def test_an_alarm_costs_for_each_metric() -> None:
    metric = {"MetricStat": {"Stat": "Sum"}}
    sketch = (
        Sketch()
        .add("Plain", "AWS::CloudWatch::Alarm", MetricName="Errors")
        .add("Computed", "AWS::CloudWatch::Alarm", Metrics=[metric, metric, {"Expression": "a / b"}])
        .add("Composite", "AWS::CloudWatch::CompositeAlarm")
    )
    assert _charges(sketch, "Plain") == {"alarm-metric": 1}
    assert _charges(sketch, "Computed") == {"alarm-metric": 2}
    assert _charges(sketch, "Composite") == {"composite-alarm": 1}


def test_a_log_group_keeps_its_part_of_the_logs() -> None:
    sketch = Sketch().add("One", "AWS::Logs::LogGroup", RetentionInDays=60).add("Two", "AWS::Logs::LogGroup")
    assert _charges(sketch, "One") == {}
    assert _charges(sketch, "One", LOAD) == {"log-gb": 5, "stored-log-gb": 10}


def test_access_control_lists_and_sign_in_cost_by_use() -> None:
    sketch = (
        Sketch()
        .add("Acl", "AWS::WAFv2::WebACL", Rules=[{}, {}])
        .add("Pool", "AWS::Cognito::UserPool", UserPoolTier="PLUS")
    )
    assert _charges(sketch, "Acl") == {"waf-acl": 1, "waf-rule": 2}
    assert _charges(sketch, "Acl", LOAD)["waf-million-requests"] == pytest.approx(HOURS / 24)
    assert _charges(sketch, "Pool", LOAD) == {"user-plus": 100}


def test_the_text_has_each_resource_the_sums_and_the_load() -> None:
    sketch = Sketch().add("Address0A1B2C3D", "AWS::EC2::EIP").add("Key", "AWS::KMS::Key").add("Other", "AWS::KMS::Key")
    sketch.add("Log", "AWS::Logs::LogGroup", stack=APP, RetentionInDays=30)
    text = rendered(sketch.stacks, US, LOAD).splitlines()
    rows = [line.split() for line in text]
    assert ["EC2::EIP", "Address", "3.65", "3.65"] in rows
    assert ["KMS::Key", "2,", "each", "1.00", "1.00"] in rows
    assert ["Logs::LogGroup", "Log", "0.00", "5.30"] in rows
    assert ["In", "all", "5.65", "10.95"] in rows
    assert all(f"{name} {getattr(LOAD, name):g}" in " ".join(text).replace("     ", " ") for name in NAMES[:3])


def test_a_change_is_told_by_its_idle_cost() -> None:
    old = Sketch().add("Key", "AWS::KMS::Key")
    new = old.changed().add("Gateway", "AWS::EC2::NatGateway")
    assert difference(old.stacks, new.stacks, US).startswith(
        "Cost of a month without load: 1.00 -> 33.85 USD (+32.85). Prices of us-east-1,"
    )
    assert difference(new.stacks, old.stacks, US).startswith(
        "Cost of a month without load: 33.85 -> 1.00 USD (-32.85)."
    )
    assert difference(old.stacks, old.stacks, US).startswith("Cost of a month without load: 1.00 USD, as before.")


def test_a_load_names_every_assumption() -> None:
    values: dict[str, object] = dict.fromkeys(NAMES, 1)
    assert read(values).objects_per_day == 1
    del values["users"]
    with pytest.raises(LoadError, match=r"^users is missing: the assumptions are objects_per_day, "):
        read(values)


@pytest.mark.parametrize("value", ["many", "-1", "", "nan", "inf"])
def test_an_assumption_is_a_number_of_0_or_more(value: str) -> None:
    with pytest.raises(LoadError, match=rf"^users must be a number of 0 or more, got '{value}'"):
        changed(IDLE, {"users": value})


def test_an_unknown_assumption_is_refused_and_the_known_ones_are_listed() -> None:
    with pytest.raises(LoadError, match=r"^there is no 'people': the assumptions are objects_per_day, "):
        changed(IDLE, {"people": 1})
