"""The platform as the operator's command line sees it: its HTTP API behind the gateway."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
import requests

from shared.ids import new_id

TIMEOUT_SECONDS: Final = 15


@dataclass(frozen=True)
class Api:
    """The platform behind its gateway; the operator's key is read when it is needed. What cannot work is a
    `ClickException` in one clear line.
    """

    url: str
    key_file: Path

    def get(self, path: str) -> Any:
        return self._ask("GET", path, None)

    def post(self, path: str, body: Any = None) -> Any:
        return self._ask("POST", path, {} if body is None else body)

    def _key(self) -> str:
        try:
            return self.key_file.read_text().strip()
        except OSError:
            mend = "give --key-file (docker-compose: deploy/secrets/platform_key)"
            raise click.ClickException(f"No key at {self.key_file}: {mend}") from None

    def _ask(self, method: str, path: str, body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self._key()}", "Idempotency-Key": new_id()}
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


def clinics(api: Api) -> Iterator[Any]:
    """All clinics of the platform."""
    cursor = ""
    while cursor is not None:
        page = api.get(f"/booking/v1/clinics?limit=200{f'&cursor={cursor}' if cursor else ''}")
        yield from page["items"]
        cursor = page["next_cursor"]


def show(value: Any) -> None:
    """Write it as JSON."""
    click.echo(json.dumps(value, indent=2))


def _told(answer: requests.Response) -> str:
    """A problem document in lines that a person reads."""
    try:
        problem = answer.json()
    except ValueError:
        return f"{answer.status_code}: {answer.text[:200]}"
    faults = [f"  {fault['pointer']}: {fault['detail']}" for fault in problem.get("errors", [])]
    return "\n".join([f"{problem.get('status')} {problem.get('code')}: {problem.get('detail')}", *faults])
