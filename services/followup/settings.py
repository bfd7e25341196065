"""Followup's settings: only those of the platform."""

from dataclasses import dataclass

from shared.settings import PlatformSettings


@dataclass(frozen=True, kw_only=True)
class Settings(PlatformSettings):
    """Everything that can be set for followup."""
