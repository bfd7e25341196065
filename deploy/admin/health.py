"""How the platform is: everything it stands on, how far it is behind, and whose work waits."""

import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final

import click

from deploy import SERVICES
from deploy.admin.api import Api, clinics
from services.booking.store import counts as booking
from services.followup.store import counts as followup
from services.notify.store import counts as notify

FAULT: Final = "fault"
COUNTED_BY: Final[Mapping[str, str]] = {
    count.name: service
    for service, table in (("booking", booking), ("followup", followup), ("notify", notify))
    for count in table.COUNTS
}
"""The service that counts what waits, by the name of the count."""


@click.command()
@click.pass_obj
def doctor(api: Api) -> None:
    """Check every dependency, index, topic, lag and clock, with the mend of each fault; exit status 1 at any fault."""
    rows = [(service, row) for service in SERVICES for row in _examined(api, service)]
    for service, row in rows:
        click.echo(f"{row['state']:<8} {service:<9} {row['check']:<11} {row['says']}")
        if row["mend"]:
            click.echo(f"{'':<8} {'':<9} {'':<11} mend: {row['mend']}")
    sys.exit(any(row["state"] == FAULT for _, row in rows))


def _examined(api: Api, service: str) -> Any:
    try:
        return api.get(f"/{service}/v1/operations/doctor")["items"]
    except click.ClickException as error:
        mend = f"docker-compose ps, docker-compose logs gateway {service}-web"
        return [{"check": "web", "state": FAULT, "says": error.message, "mend": mend}]


@click.command()
@click.pass_obj
def backlog(api: Api) -> None:
    """Show how far each service is behind; exit status 1 when events are held or poison, or a service is silent."""
    sys.exit(sum(not _is_calm(api, service) for service in SERVICES) > 0)


def _is_calm(api: Api, service: str) -> bool:
    """Show one service; False when somebody must act."""
    try:
        row = api.get(f"/{service}/v1/operations/backlog")
    except click.ClickException as error:
        click.echo(f"{service:<10} does not answer: {error.message}")
        return False
    since = f" since {row['oldest_untold_at']}" if row["oldest_untold_at"] else ""
    click.echo(f"{service:<10} untold {row['untold']}{since}, held {row['held']}, poison {row['poison']}")
    for line in _waiting(row):
        click.echo(f"{'':<10} {line}")
    return not (row["held"] or row["poison"])


def _waiting(row: Mapping[str, Any]) -> Iterator[str]:
    if row["members"] is None:
        yield "hearing: Kafka does not answer"
    else:
        behind = ", ".join(f"{topic} {count}" for topic, count in sorted(row["behind"].items()))
        yield f"hearing: {row['members']} worker(s), not heard yet: {behind}"
    yield ", ".join(f"{name} {count}" for name, count in row["waiting"].items())


@click.command()
@click.argument("name", type=click.Choice(sorted(COUNTED_BY)), metavar="NAME")
@click.pass_obj
def waiting(api: Api, name: str) -> None:
    """Show which clinics have work that waits, with their phones: NAME as in `kadence backlog`, as alerts.raised.

    Of more than a hundred clinics those with most are shown.
    """
    rows = api.get(f"/{COUNTED_BY[name]}/v1/operations/waiting/{name}")["items"]
    known = _known_clinics(api) if rows else {}
    for row in rows:
        clinic = known.get(row["clinic_id"])
        who = f"{clinic['name']}, {clinic['phone']}" if clinic else "-"
        click.echo(f"{row['clinic_id']}  {row['count']:>6}  {who}")


def _known_clinics(api: Api) -> Mapping[str, Any]:
    """The platform's clinics by their ids; none while booking, which knows them, does not answer."""
    try:
        return {clinic["id"]: clinic for clinic in clinics(api)}
    except click.ClickException as error:
        click.echo(f"names and phones are not known: {error.message}", err=True)
        return {}
