"""Clinics and their access keys."""

import click

from deploy.admin.api import Api, clinics, show


@click.command("create-clinic")
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
    show({"clinic": made, "access_key": key})


@click.command("list-clinics")
@click.pass_obj
def list_clinics(api: Api) -> None:
    """List all clinics."""
    for clinic in clinics(api):
        click.echo(f"{clinic['id']}  {clinic['zone']:<24} {clinic['name']}")


@click.command("issue-key")
@click.option("--clinic", required=True)
@click.option("--label", required=True)
@click.option("--scope", "scopes", multiple=True, required=True, help="Repeat for several.")
@click.pass_obj
def issue_key(api: Api, clinic: str, label: str, scopes: tuple[str, ...]) -> None:
    """Issue an access key; its text is shown this one time."""
    show(api.post(f"/booking/v1/clinics/{clinic}/access-keys", {"label": label, "scopes": list(scopes)}))


@click.command("list-keys")
@click.option("--clinic", required=True)
@click.pass_obj
def list_keys(api: Api, clinic: str) -> None:
    """List a clinic's access keys, without their secrets."""
    show(api.get(f"/booking/v1/clinics/{clinic}/access-keys?limit=200")["items"])


@click.command("rotate-key")
@click.option("--clinic", required=True)
@click.option("--key-id", required=True)
@click.option("--overlap-hours", type=click.IntRange(0, 720), default=24, show_default=True)
@click.pass_obj
def rotate_key(api: Api, clinic: str, key_id: str, overlap_hours: int) -> None:
    """Replace an access key; the old one works on for the overlap."""
    path = f"/booking/v1/clinics/{clinic}/access-keys/{key_id}/rotate"
    show(api.post(path, {"overlap_seconds": overlap_hours * 3600}))


@click.command("revoke-key")
@click.option("--clinic", required=True)
@click.option("--key-id", required=True)
@click.pass_obj
def revoke_key(api: Api, clinic: str, key_id: str) -> None:
    """Make an access key void, in every service within a second."""
    show(api.post(f"/booking/v1/clinics/{clinic}/access-keys/{key_id}/revoke"))
