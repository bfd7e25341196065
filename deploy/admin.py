"""The operator's command line: `python -m deploy.admin --help`.

Speaks to the platform's HTTP API with the operator's key, so it runs wherever the gateway can be reached. The key comes
from a file, never from the command line, where every user of the machine could read it.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import requests

from shared.ids import new_id

SERVICES = ("booking", "followup", "notify")
TIMEOUT_SECONDS = 15


@dataclass(frozen=True)
class Api:
    """The platform behind its gateway."""

    url: str
    key: str

    def get(self, path: str) -> Any:
        return self._ask("GET", path, None)

    def post(self, path: str, body: Any = None) -> Any:
        return self._ask("POST", path, {} if body is None else body)

    def _ask(self, method: str, path: str, body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.key}", "Idempotency-Key": new_id()}
        try:
            answer = requests.request(method, f"{self.url}{path}", json=body, headers=headers, timeout=TIMEOUT_SECONDS)
        except requests.ConnectionError:
            raise click.ClickException(f"Nothing answers at {self.url}: is the platform up, is --url right?") from None
        except requests.Timeout:
            late = f"No answer within {TIMEOUT_SECONDS} s: it may have been done, look before you repeat it."
            raise click.ClickException(late) from None
        except requests.RequestException as error:
            raise click.ClickException(f"--url {self.url}: {error}") from None
        if not answer.ok or not answer.headers.get("Content-Type", "").startswith("application/json"):
            raise click.ClickException(_told(answer))
        return answer.json()


def _told(answer: requests.Response) -> str:
    """A problem document in lines that a person reads."""
    try:
        problem = answer.json()
    except ValueError:
        return f"{answer.status_code}: {answer.text[:200]}"
    faults = [f"  {fault['pointer']}: {fault['detail']}" for fault in problem.get("errors", [])]
    return "\n".join([f"{problem.get('status')} {problem.get('code')}: {problem.get('detail')}", *faults])


def _clinics(api: Api) -> Iterator[Any]:
    cursor = ""
    while cursor is not None:
        page = api.get(f"/booking/v1/clinics?limit=200{f'&cursor={cursor}' if cursor else ''}")
        yield from page["items"]
        cursor = page["next_cursor"]


def _show(value: Any) -> None:
    click.echo(json.dumps(value, indent=2))


@click.group()
@click.option("--url", default="http://127.0.0.1:8080", show_default=True, help="The gateway.")
@click.option(
    "--key-file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path(".data/demo/secrets/platform.key"),
    show_default=True,
    help="File with the operator's key.",
)
@click.pass_context
def admin(context: click.Context, url: str, key_file: Path) -> None:
    """Run the platform: clinics, access keys, backlog, events."""
    if not key_file.is_file():
        raise click.ClickException(
            f"No key at {key_file}: give --key-file (docker-compose: deploy/secrets/platform_key)"
        )
    context.obj = Api(url.rstrip("/"), key_file.read_text().strip())


@admin.command("create-clinic")
@click.option("--name", required=True, help="Legal name.")
@click.option("--sender-alias", required=True, help="Signs messages; must not disclose the treatment.")
@click.option("--zone", required=True, help="IANA time zone, such as Europe/Berlin.")
@click.option("--country", required=True, help="ISO 3166 alpha-2, such as DE.")
@click.option("--locale", default="en", show_default=True)
@click.option("--phone", required=True, help="As patients dial it.")
@click.pass_obj
def create_clinic(api: Api, /, **clinic: str) -> None:
    """Add a clinic and issue its first access key (scope admin)."""
    made = api.post("/booking/v1/clinics", clinic)
    first = {"label": "first key", "scopes": ["admin"]}
    key = api.post(f"/booking/v1/clinics/{made['id']}/access-keys", first)
    _show({"clinic": made, "access_key": key})


@admin.command("list-clinics")
@click.pass_obj
def list_clinics(api: Api) -> None:
    """List all clinics."""
    for clinic in _clinics(api):
        click.echo(f"{clinic['id']}  {clinic['zone']:<24} {clinic['name']}")


@admin.command("issue-key")
@click.option("--clinic", required=True)
@click.option("--label", required=True)
@click.option("--scope", "scopes", multiple=True, required=True, help="Repeat for several.")
@click.pass_obj
def issue_key(api: Api, clinic: str, label: str, scopes: tuple[str, ...]) -> None:
    """Issue an access key; its text is shown this one time."""
    _show(api.post(f"/booking/v1/clinics/{clinic}/access-keys", {"label": label, "scopes": list(scopes)}))


@admin.command("list-keys")
@click.option("--clinic", required=True)
@click.pass_obj
def list_keys(api: Api, clinic: str) -> None:
    """List a clinic's access keys, without their secrets."""
    _show(api.get(f"/booking/v1/clinics/{clinic}/access-keys?limit=200")["items"])


@admin.command("rotate-key")
@click.option("--clinic", required=True)
@click.option("--key-id", required=True)
@click.option("--overlap-hours", type=click.IntRange(0, 720), default=24, show_default=True)
@click.pass_obj
def rotate_key(api: Api, clinic: str, key_id: str, overlap_hours: int) -> None:
    """Replace an access key; the old one works on for the overlap."""
    path = f"/booking/v1/clinics/{clinic}/access-keys/{key_id}/rotate"
    _show(api.post(path, {"overlap_seconds": overlap_hours * 3600}))


@admin.command("revoke-key")
@click.option("--clinic", required=True)
@click.option("--key-id", required=True)
@click.pass_obj
def revoke_key(api: Api, clinic: str, key_id: str) -> None:
    """Make an access key void, in every service within a second."""
    _show(api.post(f"/booking/v1/clinics/{clinic}/access-keys/{key_id}/revoke"))


@admin.command()
@click.pass_obj
def backlog(api: Api) -> None:
    """Show how far each service is behind; exit status 1 when events are held or poison."""
    rows = {service: api.get(f"/{service}/v1/operations/backlog") for service in SERVICES}
    for service, row in rows.items():
        since = f" since {row['oldest_untold_at']}" if row["oldest_untold_at"] else ""
        click.echo(f"{service:<10} untold {row['untold']}{since}, held {row['held']}, poison {row['poison']}")
    sys.exit(any(row["held"] or row["poison"] for row in rows.values()))


@admin.command("set-aside")
@click.argument("service", type=click.Choice(SERVICES))
@click.pass_obj
def set_aside(api: Api, service: str) -> None:
    """List what a service has set aside: held events and poison records."""
    _show({part: api.get(f"/{service}/v1/operations/{part}")["items"] for part in ("held", "poison")})


@admin.command()
@click.argument("service", type=click.Choice(SERVICES))
@click.argument("part", type=click.Choice(("held", "poison")))
@click.argument("id")
@click.option("--despite-gap", is_flag=True, help="Held events: give up for ever what is missing before it.")
@click.pass_obj
def replay(api: Api, service: str, part: str, id: str, *, despite_gap: bool) -> None:
    """Try something set aside again, after a mend."""
    body = {"despite_gap": despite_gap} if part == "held" else None
    _show(api.post(f"/{service}/v1/operations/{part}/{id}/replay", body))


@admin.command()
@click.argument("service", type=click.Choice(SERVICES))
@click.argument("part", type=click.Choice(("held", "poison")))
@click.argument("id")
@click.pass_obj
def discard(api: Api, service: str, part: str, id: str) -> None:
    """Give something set aside up, for ever."""
    _show(api.post(f"/{service}/v1/operations/{part}/{id}/discard"))


@admin.command()
@click.argument("service", type=click.Choice(SERVICES))
@click.option("--since", required=True, help="RFC 3339, such as 2026-03-09T00:00:00Z.")
@click.option("--until", required=True, help="RFC 3339.")
@click.option("--clinic", help="Only this clinic's.")
@click.pass_obj
def republish(api: Api, service: str, since: str, until: str, clinic: str | None) -> None:
    """Tell again what a service told in a window; hearers drop what they know."""
    body = {"since": since, "until": until, "clinic_id": clinic}
    _show(api.post(f"/{service}/v1/operations/republish", body))


@admin.group()
def audit() -> None:
    """The record of who did what to whose treatment."""


@audit.command("verify")
@click.option("--clinic", help="Only this clinic's chain.")
@click.pass_obj
def verify_audit(api: Api, clinic: str | None) -> None:
    """Verify every clinic's audit chain; exit status 1 when one does not hold.

    Shows where each ends: kept elsewhere, that shows later whether a chain was made anew.
    """
    of = [clinic] if clinic else [one["id"] for one in _clinics(api)]
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


if __name__ == "__main__":
    admin()
