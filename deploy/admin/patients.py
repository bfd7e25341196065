"""What is kept of one patient in every service: shown, and made nobody's."""

import json
import os
from pathlib import Path

import click

from deploy import SERVICES
from deploy.admin.api import Api, show


@click.command("export-patient")
@click.option("--clinic", required=True)
@click.option("--patient", required=True)
@click.option("--to", "file", type=click.Path(path_type=Path, dir_okay=False), required=True, help="A new file.")
@click.pass_obj
def export_patient(api: Api, clinic: str, patient: str, file: Path) -> None:
    """Write everything that is kept of a patient to a file that only you can read; booking audits it."""
    kept = {name: api.get(f"/{name}/v1/clinics/{clinic}/patients/{patient}/export")["kept"] for name in SERVICES}
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise click.ClickException(f"--to {file}: {error.strerror}") from None
    with os.fdopen(descriptor, "w") as out:
        json.dump(kept, out, indent=2)
    click.echo(f"{sum(len(rows) for part in kept.values() for rows in part.values())} documents in {file}")


@click.command("erase-patient")
@click.option("--clinic", required=True)
@click.option("--patient", required=True)
@click.option("--reason", required=True, help="Kept in the audit chain until it is erased with the rest.")
@click.confirmation_option(prompt="Who this patient was is erased for ever. Is everything exported that must be kept?")
@click.pass_obj
def erase_patient(api: Api, clinic: str, patient: str, reason: str) -> None:
    """Erase in every service who a patient was. Note the id: after a restore it has to be erased again."""
    show(api.post(f"/booking/v1/clinics/{clinic}/patients/{patient}/erase", {"reason": reason}))
