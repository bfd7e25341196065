"""HTTP calls of which is known, when they break, whether the other side can have read them.

The body is handed over as a stream that notes when it is first read: by then the connection stood and the head of the
request was out. Before that (refused, no such host, TLS, no connection in time) it certainly did not go out. From there
on a broken connection, a time-out or a server's fault (5xx) leaves the outcome unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from io import BytesIO
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter

from services.notify.operations.ports import (
    NotDelivered,
    PermanentFailure,
    TemporaryFailure,
    Throttled,
    UnknownOutcome,
    Unreachable,
)
from shared.clock import system_clock

CONNECT_SECONDS: Final = 3.0
ANSWER_SECONDS: Final = 5.0
RETRY_AFTER: Final = 5.0
"""Seconds, where a provider wants less at a time and does not say for how long."""
LONGEST_RETRY_AFTER: Final = 600.0
_MOST_BYTES: Final = 256 * 1024
_MENDABLE: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.REQUEST_TIMEOUT})
"""What is not this letter's fault: a wrong token, a request that was not read in time."""


@dataclass(frozen=True)
class Answer:
    """What came back: yes, no, or look elsewhere."""

    status: int
    text: str

    @property
    def is_good(self) -> bool:
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


class Exchange:
    """Calls to the provider `name`, with which the causes of its failures begin."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy, no .netrc: a letter goes where the settings say
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=0))

    def call(self, method: str, url: str, *, body: bytes = b"", **options: Any) -> Answer:
        """An answer below 500. Raises `Unreachable`, `Throttled` or `UnknownOutcome`; `options`: see `requests`."""
        stream = _Stream(body)
        try:
            with self._session.request(
                method,
                url,
                data=stream if body else None,
                timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
                allow_redirects=False,
                stream=True,
                **options,
            ) as found:
                content = next(found.iter_content(_MOST_BYTES), b"")
        except (requests.RequestException, OSError) as error:
            if stream.was_read:
                raise UnknownOutcome(f"{self._name}-no-answer") from error
            raise Unreachable(f"{self._name}-unreachable") from error
        return self._judged(Answer(found.status_code, content.decode(errors="replace")), found.headers)

    def refusal(self, answer: Answer, code: str = "") -> NotDelivered:
        """What "no" means for the letter; `code`: the provider's own name of the fault."""
        cause = f"{self._name}-{code or answer.status}"
        if answer.status == HTTPStatus.CONFLICT:  # an earlier call with the same key has not ended yet
            return UnknownOutcome(cause)
        return TemporaryFailure(cause) if answer.status in _MENDABLE else PermanentFailure(cause)

    def _judged(self, answer: Answer, headers: Mapping[str, str]) -> Answer:
        cause = f"{self._name}-{answer.status}"
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise Throttled(cause, seconds_of(headers.get("Retry-After", "")))
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise UnknownOutcome(cause)
        return answer


def seconds_of(retry_after: str) -> float:
    """`Retry-After` in seconds, given as a number or as a date; never more than ten minutes."""
    try:
        wanted = float(retry_after) if retry_after.strip().isdecimal() else _seconds_until(retry_after)
    except (ValueError, TypeError):
        wanted = RETRY_AFTER
    return min(max(wanted, 0.0), LONGEST_RETRY_AFTER)


def _seconds_until(date: str) -> float:
    return (parsedate_to_datetime(date).astimezone(UTC) - system_clock()).total_seconds()


class _Stream(BytesIO):
    """A body that notes that it was asked for."""

    was_read = False

    def read(self, size: int | None = -1, /) -> bytes:
        self.was_read = True
        return super().read(size)
