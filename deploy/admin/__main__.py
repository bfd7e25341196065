"""`kadence`, or `python -m deploy.admin`: the table of all commands."""

from pathlib import Path
from typing import Final

import click

from deploy.admin.api import Api
from deploy.admin.audit import audit
from deploy.admin.clinics import create_clinic, issue_key, list_clinics, list_keys, revoke_key, rotate_key
from deploy.admin.events import discard, replay, republish, set_aside
from deploy.admin.health import backlog, doctor, waiting
from deploy.admin.patients import erase_patient, export_patient
from deploy.backup.command import backup


@click.group()
@click.option("--url", envvar="GATEWAY_URL", default="http://127.0.0.1:8080", show_default=True, help="The gateway.")
@click.option(
    "--key-file",
    envvar="KADENCE_PLATFORM_KEY_FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path(".data/demo/secrets/platform.key"),
    show_default=True,
    help="File with the operator's key.",
)
@click.pass_context
def admin(context: click.Context, url: str, key_file: Path) -> None:
    """Run the platform: clinics, access keys, patients' data, backlog, events."""
    context.obj = Api(url.rstrip("/"), key_file)


COMMANDS: Final = (
    *(doctor, backlog, waiting),
    *(create_clinic, list_clinics, issue_key, list_keys, rotate_key, revoke_key),
    *(export_patient, erase_patient),
    *(set_aside, replay, discard, republish),
    audit,
    backup,
)
for command in COMMANDS:
    admin.add_command(command)

if __name__ == "__main__":
    admin(prog_name="kadence")
