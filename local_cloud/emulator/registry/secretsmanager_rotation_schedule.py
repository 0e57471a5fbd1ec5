"""Rotation of secrets."""

from ..registration import Recorded

RESOURCE = Recorded(type="AWS::SecretsManager::RotationSchedule", why="secrets are not rotated here")
