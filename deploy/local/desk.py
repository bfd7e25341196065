"""A front desk's program: the platform's HTTP API, as the demo and the end-to-end tests use it."""

from dataclasses import dataclass, field
from typing import Any

import requests

from shared.ids import new_id

_TIMEOUT_SECONDS = 15


class Refusal(Exception):
    """The platform said no; `problem` is the RFC 9457 document."""

    def __init__(self, status: int, problem: Any) -> None:
        super().__init__(f"{status}: {problem}")
        self.status = status
        self.problem = problem


@dataclass
class Desk:
    """Calls on behalf of one access key. Every POST gets an Idempotency-Key of its own unless one is given."""

    url: str
    key: str
    session: requests.Session = field(default_factory=requests.Session, repr=False)

    def get(self, path: str, **query: Any) -> Any:
        """The JSON answer. Raises `Refusal`."""
        return self.ask("GET", path, params=query).json()

    def post(self, path: str, body: Any = None, *, idempotency_key: str | None = None) -> Any:
        """Do something; the JSON answer. Raises `Refusal`."""
        headers = {"Idempotency-Key": idempotency_key or new_id()}
        return self.ask("POST", path, json={} if body is None else body, headers=headers).json()

    def patch(self, path: str, body: Any, version: int) -> Any:
        """Change the version that was read; the JSON answer. Raises `Refusal`."""
        return self.ask("PATCH", path, json=body, headers={"If-Match": f'"{version}"'}).json()

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """Any request with the access key. Raises `Refusal` for 4xx and 5xx."""
        headers = {"Authorization": f"Bearer {self.key}", **options.pop("headers", {})}
        answer = self.session.request(method, f"{self.url}{path}", headers=headers, timeout=_TIMEOUT_SECONDS, **options)
        if answer.status_code >= requests.codes.bad_request:
            raise Refusal(answer.status_code, _problem(answer))
        return answer


def _problem(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return answer.text
