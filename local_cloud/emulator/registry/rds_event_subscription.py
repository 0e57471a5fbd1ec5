"""Notices about the database."""

from ..registration import Recorded

RESOURCE = Recorded(type="AWS::RDS::EventSubscription", why="the local database sends no notices")
