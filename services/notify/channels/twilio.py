"""SMS by Twilio, with its official library (an optional extra: `requirements/twilio.txt`).

Twilio takes no idempotency key, so a call that had no answer is never made again. The message's id stands in the
address of the status callback: a callback proves that the message was taken. Where none came, Twilio is asked for
messages to that number, sent at that time with that text.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, Final
from urllib.parse import urlencode

from services.notify.channels.exchange import Answer, Exchange
from services.notify.domain.message import Letter
from services.notify.operations.ports import (
    Accepted,
    NotDelivered,
    OptedOut,
    PermanentFailure,
    TemporaryFailure,
    UnknownOutcome,
)
from shared.settings import SettingsFault

NAME: Final = "twilio"
STOPPED: Final = 21610
"""Twilio's code for a recipient who has answered STOP to this sender."""
ABOUT: Final = timedelta(minutes=2)
"""How far Twilio's clock and ours may be apart, and a call may take."""
_MISSING: Final = (
    "KADENCE_SMS_PROVIDER=twilio needs Twilio's library: pip install --require-hashes -r requirements/twilio.txt"
)
_GIVEN_UP: Final = frozenset({"failed", "undelivered", "canceled"})
_SERVICE: Final = "MG"
_MOST_FOUND: Final = 50


class TwilioChannel:
    """Sends letters by `client`. `sender`: number, name or messaging service of clinics that have no number.

    `public_url`: where Twilio's callbacks reach us.
    """

    repeatable = False
    answered = True

    def __init__(self, client: Any, *, sender: str, public_url: str) -> None:
        self._client = client
        self._sender = sender
        self._public_url = public_url.rstrip("/")

    def send(self, letter: Letter) -> Accepted:
        """See `operations.ports.Provider`."""
        receipts = f"{self._public_url}/notify/hooks/{NAME}/{letter.clinic_id}/receipts?message={letter.message_id}"
        taken = self._client.messages.create(
            to=letter.to, body=letter.text, status_callback=receipts, **self._from(letter)
        )
        return Accepted(str(taken.sid))

    def ask(self, letter: Letter, sent_at: datetime) -> Accepted | None:
        """See `operations.ports.Askable`."""
        try:
            found = self._client.messages.list(
                to=letter.to,
                date_sent_after=sent_at - ABOUT,
                date_sent_before=sent_at + timedelta(days=1),
                limit=_MOST_FOUND,
            )
        except PermanentFailure as refused:  # the question was refused, not the letter
            raise TemporaryFailure(refused.cause) from refused
        same = [one for one in found if one.body == letter.text and abs(one.date_created - sent_at) <= ABOUT]
        if not same:
            return None
        if same[0].status in _GIVEN_UP:
            raise _refused(same[0].error_code, str(same[0].status))
        return Accepted(str(same[0].sid))

    def _from(self, letter: Letter) -> Mapping[str, str]:
        sender = letter.from_number or self._sender or letter.sender
        return {"messaging_service_sid" if sender.startswith(_SERVICE) else "from_": sender}


def twilio_client(account_sid: str, auth_token: str, base_url: str) -> Any:
    """Twilio's library, talking to `base_url`. Raises `SettingsFault` where it is not installed."""
    try:
        library = import_module("twilio.rest")
    except ImportError as error:
        raise SettingsFault(_MISSING) from error
    client = library.Client(account_sid, auth_token, http_client=_Wire())
    client.api.base_url = base_url
    return client


class _Wire:
    """Carries the library's requests, by its own interface; what is not a plain yes never gets back to it."""

    def __init__(self) -> None:
        self._exchange = Exchange(NAME)

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        **_: Any,
    ) -> Any:
        """A response in the form of Twilio's library. Raises `NotDelivered`."""
        body = urlencode(data or {}, doseq=True).encode()
        answer = self._exchange.call(method, url, body=body, params=params, headers=headers, auth=auth)
        if not answer.is_good:
            raise self._failure(answer)
        if not _is_object(answer.text):
            raise UnknownOutcome(f"{NAME}-no-answer")
        return import_module("twilio.http.response").Response(answer.status, answer.text)

    def _failure(self, answer: Answer) -> NotDelivered:
        code = json.loads(answer.text).get("code") if _is_object(answer.text) else None
        refusal = self._exchange.refusal(answer, str(code or ""))
        return _refused(code, str(answer.status)) if isinstance(refusal, PermanentFailure) else refusal


def _refused(code: int | None, otherwise: str) -> PermanentFailure:
    cause = f"{NAME}-{code or otherwise}"
    return OptedOut(cause) if code == STOPPED else PermanentFailure(cause)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
