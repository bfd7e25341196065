"""`backup take | check | restore`: with the settings of a service, from the environment."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click
from pymongo.errors import PyMongoError

from deploy.backup.archive import BackupFault, Manifest, checked
from deploy.backup.restore import restore
from deploy.backup.take import take
from shared.errors import TransientFailure
from shared.persistence.fingerprints import Fingerprints
from shared.settings import PlatformSettings, from_environment, master_key

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group()
def backup() -> None:
    """Copy the whole installation, check a copy, restore one into an empty installation."""


@backup.command("take")
@click.argument("target", type=_FOLDER)
def take_backup(target: Path) -> None:
    """Make a new folder in TARGET that holds all three databases as they stand now. Everything may go on meanwhile."""
    with _told():
        folder, manifest = take(from_environment(PlatformSettings), target)
    click.echo(f"{folder}: {_size(manifest)}")


@backup.command("check")
@click.argument("folder", type=_FOLDER)
def check_backup(folder: Path) -> None:
    """Say whether the backup FOLDER is whole, unchanged, and of an installation with this master key."""
    with _told():
        manifest = checked(folder, Fingerprints(master_key(from_environment(PlatformSettings).key)))
    click.echo(f"{folder} is whole: {_size(manifest)}")


@backup.command("restore")
@click.argument("folder", type=_FOLDER)
@click.option(
    "--stopped-at",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z"]),
    help="When the lost installation stopped, as 2026-03-09T04:30:00Z; without it, just now. Messages that were due "
    "between the backup and then may have been sent: they are not sent again, but listed for the front desk.",
)
def restore_backup(folder: Path, stopped_at: datetime | None) -> None:
    """Put the backup FOLDER into an empty installation, before its services start."""
    with _told():
        manifest = restore(from_environment(PlatformSettings), folder, stopped_at=stopped_at)
    click.echo(
        f"restored {_size(manifest)}; start the services, and see docs/operating.md (Backup) for what to look at now"
    )


@contextmanager
def _told() -> Iterator[None]:
    """What the outside does is told in a line, not in a trace."""
    try:
        yield
    except PyMongoError as error:
        raise BackupFault(f"MongoDB: {error}\n  mend: docker-compose ps mongo; is KADENCE_MONGO_URL right?") from error
    except (TransientFailure, OSError) as error:
        raise BackupFault(str(error)) from error


def _size(manifest: Manifest) -> str:
    return f"{manifest.documents} documents, {manifest.bytes} bytes, as of {manifest.cut_at:%Y-%m-%dT%H:%M:%SZ}"
