"""The audit chains of all clinics."""

import sys
from typing import Any

import click

from deploy.admin.api import Api, clinics


@click.group()
def audit() -> None:
    """The record of who did what to whose treatment."""


@audit.command("verify")
@click.option("--clinic", help="Only this clinic's chain.")
@click.pass_obj
def verify_audit(api: Api, clinic: str | None) -> None:
    """Verify every clinic's audit chain; exit status 1 when one does not hold.

    Shows where each ends: kept elsewhere, that shows later whether a chain was made anew.
    """
    of = [clinic] if clinic else [one["id"] for one in clinics(api)]
    sys.exit(sum(_tell_breaks(api, id) for id in of) > 0)


def _tell_breaks(api: Api, clinic: str) -> int:
    """Walk a clinic's audit chain part by part, and say where it does not hold; at how many places."""
    until: Any = {"seq": 0, "hash": ""}
    head: Any = {"seq": 1}
    count = 0
    while until["seq"] < head["seq"]:
        query = f"after={until['seq']}&hash={until['hash']}"
        said = api.get(f"/booking/v1/clinics/{clinic}/audit/verification?{query}")
        until, head, count = said["until"], said["head"], count + len(said["breaks"])
        for place in said["breaks"]:
            click.echo(f"{clinic}  does not hold at entry {place['seq']}: {place['what']}")
    click.echo(f"{clinic}  {head['seq']} entries, the newest {head['hash'] or '-'}")
    return count
