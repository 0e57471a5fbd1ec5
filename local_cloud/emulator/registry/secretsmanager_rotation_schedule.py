"""Rotation schedules of secrets."""

from ..registration import Recorded

RESOURCE = Recorded(type="AWS::SecretsManager::RotationSchedule", why="the emulator does not rotate secrets")
