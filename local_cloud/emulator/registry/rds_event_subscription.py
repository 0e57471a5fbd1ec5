"""Subscriptions to RDS events."""

from ..registration import Recorded

RESOURCE = Recorded(type="AWS::RDS::EventSubscription", why="the local database sends no events")
