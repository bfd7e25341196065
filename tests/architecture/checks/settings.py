"""Every setting is written down where people look for it, and given where it has no default."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields
from typing import Any

from shared.settings import PREFIX, REQUIRED, PlatformSettings, variable

Settings = type[PlatformSettings]


def own_settings(kind: Settings) -> set[str]:
    """Variables of the service's settings that are not the platform's."""
    return variables(kind) - variables(PlatformSettings)


def variables(kind: Settings) -> set[str]:
    return {variable(field) for field in fields(kind)}


def page_faults(wanted: Collection[str], page: str) -> list[str]:
    """Settings that a page does not name, and names on it that are no settings."""
    return [f"{name} is not written down" for name in sorted(set(wanted) - set(names_in(page)))]


def names_in(text: str) -> Iterator[str]:
    for name in re.findall(rf"{PREFIX}[A-Z0-9_]*[A-Z0-9]", text):
        yield name
        yield name.removesuffix("_FILE")


def description_faults(kind: Settings) -> list[str]:
    """Settings that do not say what they are for; secrets with a default, which is no secret."""
    return [
        *(f"{variable(field)} says not what it is for" for field in fields(kind) if not field.metadata.get("about")),
        *(f"{variable(field)} is a secret with a default" for field in fields(kind) if _is_no_secret(field.metadata)),
    ]


def _is_no_secret(about: Mapping[str, Any]) -> bool:
    return bool(about.get("secret")) and about.get("default") not in {REQUIRED, ""}


def compose_faults(kind: Settings, service: str, compose: Mapping[str, Any]) -> list[str]:
    """What the containers of a service are not given although they need it, or are given that no setting reads."""
    containers = {
        name: container
        for name, container in compose["services"].items()
        if f"services.{service}" in container.get("command", [])
    }
    if not containers:
        return [f"nothing runs services.{service}"]
    return [f"{name}: {fault}" for name, one in containers.items() for fault in _environment(kind, one)]


def _environment(kind: Settings, container: Mapping[str, Any]) -> Iterator[str]:
    given = {name.removesuffix("_FILE") for name in container.get("environment", {}) if name.startswith(PREFIX)}
    needed = {variable(field) for field in fields(kind) if field.metadata["default"] is REQUIRED}
    for name in sorted(needed - given):
        yield f"{name} is needed and not given"
    for name in sorted(given - variables(kind)):
        yield f"{name} is given and no setting"
