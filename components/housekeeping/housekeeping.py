"""Deletes old rejected rows, once a day."""

from functools import partial
from pathlib import Path

from aws_cdk import Aws, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from components.common.alarm import RunbookAlarm
from components.common.function_defaults import FunctionDefaults
from components.common.python_function import PythonFunction
from components.common.region import known_region
from components.common.workload_role import WorkloadRole
from components.database.database import Database
from components.foundation.alerts import Alerts
from config import connections
from config.datasets import declarations
from config.housekeeping import HousekeepingConfig
from config.regions import counts_dropped_calls

SOURCE = Path("lambda_src/housekeeping")
DATABASE_USER = "housekeeping"
TIMEOUT = Duration.minutes(15)  # Lambda's maximum; the rest is deleted the next day
NIGHT = scheduler.ScheduleExpression.cron(hour="2", minute="0")  # UTC
SPREAD_MINUTES = 60  # any time within an hour


class Housekeeping(Construct):
    """Deletes rejected rows, which hold personal data, at most `reject_days` after their file was finished.

    A dataset may declare fewer days.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: HousekeepingConfig,
        defaults: FunctionDefaults,
        database: Database,
        alerts: Alerts,
    ) -> None:
        super().__init__(scope, id_)
        self.function = PythonFunction(
            self,
            "Function",
            source=SOURCE,
            data=declarations(),
            description="Deletes old rejected rows",
            defaults=defaults,
            log_days=config.log_days,
            memory_mb=512,
            timeout=TIMEOUT,
            reserved_concurrency=connections.CALLS,
            environment=database.environment(DATABASE_USER) | {"REJECT_DAYS": str(config.reject_days)},
        )
        database.grant_connect(self.function, self.function, user=DATABASE_USER)
        self.group = scheduler.CfnScheduleGroup(self, "ScheduleGroup")
        self.schedule = self._schedule()
        self._alarms(alerts)

    def _schedule(self) -> scheduler.CfnSchedule:
        """EventBridge Scheduler, which AWS recommends over scheduled rules; its L2 would add an inline policy."""
        schedule = scheduler.CfnSchedule(
            self,
            "Schedule",
            description="Deletes old rejected rows",
            group_name=self.group.ref,
            schedule_expression=NIGHT.expression_string,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(
                mode="FLEXIBLE", maximum_window_in_minutes=SPREAD_MINUTES
            ),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=self.function.arn,
                role_arn=self._scheduler_role().role_arn,
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=Duration.hours(6).to_seconds(), maximum_retry_attempts=10
                ),
            ),
        )
        # Not before the rules that open the database's port to the function.
        schedule.node.add_dependency(self.function)
        return schedule

    def _scheduler_role(self) -> iam.IRole:
        """The condition names the group, not the schedule.

        Source: EventBridge Scheduler User Guide, "Cross-service confused deputy prevention".
        """
        role = WorkloadRole(
            self,
            "SchedulerRole",
            service="scheduler.amazonaws.com",
            description="Invokes the housekeeping function once a day",
            conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID, "aws:SourceArn": self.group.attr_arn}},
        )
        role.allow("lambda:InvokeFunction", resources=[self.function.arn])
        return role.sealed

    def _alarms(self, alerts: Alerts) -> None:
        """One for each service that can drop a run after its retries: the scheduler and Lambda."""
        alarm = partial(RunbookAlarm, self, capability="housekeeping", alerts=alerts)
        hour = Duration.hours(1)
        alarm(
            "SchedulerInvocationsDropped",
            metric=cloudwatch.Metric(
                namespace="AWS/Scheduler",
                metric_name="InvocationDroppedCount",
                dimensions_map={"ScheduleGroup": self.group.ref},
                statistic=cloudwatch.Stats.SUM,
                period=hour,
            ),
            description="EventBridge Scheduler could not invoke the function that removes old rejected rows.",
            first_step="Check the permissions of the schedule's role and the function's throttles.",
        )
        if counts_dropped_calls(known_region(self)):  # elsewhere AsyncDeadLetterMessages reports it
            alarm(
                "AsyncEventsDropped",
                metric=self.function.resource.metric("AsyncEventsDropped", statistic=cloudwatch.Stats.SUM, period=hour),
                description="The function that removes old rejected rows failed at every attempt.",
                first_step="Read the function's log at level ERROR.",
            )
