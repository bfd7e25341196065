"""Events that a service has set aside, and telling again."""

from collections import Counter
from collections.abc import Mapping
from urllib.parse import urlencode

import click

from deploy import SERVICES
from deploy.admin.api import Api, show
from shared.process.retelling import PAGE


@click.command("set-aside")
@click.argument("service", type=click.Choice(SERVICES))
@click.pass_obj
def set_aside(api: Api, service: str) -> None:
    """List what a service has set aside: held events and poison records."""
    show({part: api.get(f"/{service}/v1/operations/{part}")["items"] for part in ("held", "poison")})


@click.command()
@click.argument("service", type=click.Choice(SERVICES))
@click.argument("part", type=click.Choice(("held", "poison")))
@click.argument("id")
@click.option("--despite-gap", is_flag=True, help="Held events: give up for ever what is missing before it.")
@click.pass_obj
def replay(api: Api, service: str, part: str, id: str, *, despite_gap: bool) -> None:
    """Try something set aside again, after a mend."""
    body = {"despite_gap": despite_gap} if part == "held" else None
    show(api.post(f"/{service}/v1/operations/{part}/{id}/replay", body))


@click.command()
@click.argument("service", type=click.Choice(SERVICES))
@click.argument("part", type=click.Choice(("held", "poison")))
@click.argument("id")
@click.pass_obj
def discard(api: Api, service: str, part: str, id: str) -> None:
    """Give something set aside up, for ever."""
    show(api.post(f"/{service}/v1/operations/{part}/{id}/discard"))


@click.command()
@click.argument("service", type=click.Choice(SERVICES))
@click.option("--since", required=True, help="RFC 3339, such as 2026-03-09T00:00:00Z.")
@click.option("--until", required=True, help="RFC 3339.")
@click.option("--clinic", help="Only this clinic's.")
@click.option(
    "--into", type=click.Choice(SERVICES), help="Only this service hears it, past Kafka: for one left behind."
)
@click.pass_obj
def republish(api: Api, service: str, *, since: str, until: str, clinic: str | None, into: str | None) -> None:
    """Tell again what a service told in a window; hearers drop what they know."""
    window = {"since": since, "until": until, "clinic_id": clinic}
    if into is None:
        show(api.post(f"/{service}/v1/operations/republish", window))
    else:
        show(_carry(api, service, into, {name: value for name, value in window.items() if value}))


def _carry(api: Api, teller: str, hearer: str, window: Mapping[str, str]) -> Mapping[str, int]:
    """Take what one service told to one that hears it; what became of how many."""
    outcomes: Counter[str] = Counter()
    while window["since"]:
        told = api.get(f"/{teller}/v1/operations/told?{urlencode(window)}")
        for begin in range(0, len(told["items"]), PAGE):
            events = told["items"][begin : begin + PAGE]
            outcomes.update(api.post(f"/{hearer}/v1/operations/hear", {"events": events})["outcomes"])
        window = {**window, "since": told["more_since"]}
    return outcomes
