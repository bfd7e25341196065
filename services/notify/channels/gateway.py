"""SMS by a generic HTTP gateway.

`POST {url}` with JSON `{id, from, to, text, callback}`, `Authorization: Bearer <token>` and
`Idempotency-Key: <message id>`: a second call with the same key must have no second effect. 2xx means accepted, and the
answer's `id` is the gateway's own name of the message. Receipts and what patients write come to `callback` and its
neighbour, signed: see `services.notify.hooks`.
"""

import json
from typing import Final

from services.notify.channels.exchange import Exchange
from services.notify.domain.message import Letter
from services.notify.operations.ports import Accepted

NAME: Final = "gateway"


class GatewayChannel:
    """Sends letters to `url`. `sender`: number or name of clinics that have no number; empty: their alias.

    `public_url`: where the gateway's receipts reach us.
    """

    repeatable = True
    answered = True

    def __init__(self, url: str, token: str, *, sender: str, public_url: str) -> None:
        self._url = url
        self._token = token
        self._sender = sender
        self._public_url = public_url.rstrip("/")
        self._exchange = Exchange(NAME)

    def send(self, letter: Letter) -> Accepted:
        """See `operations.ports.Provider`."""
        content = {
            "id": letter.message_id,
            "from": letter.from_number or self._sender or letter.sender,
            "to": letter.to,
            "text": letter.text,
            "callback": f"{self._public_url}/notify/hooks/{NAME}/{letter.clinic_id}/receipts",
        }
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            "Idempotency-Key": letter.message_id,
        }
        answer = self._exchange.call("POST", self._url, body=json.dumps(content).encode(), headers=headers)
        if not answer.is_good:
            raise self._exchange.refusal(answer)
        return Accepted(_id_in(answer.text) or letter.message_id)


def _id_in(text: str) -> str:
    """The gateway's own name of what it accepted; empty when it gives none."""
    try:
        found = json.loads(text)
    except ValueError:
        return ""
    return str(found.get("id") or "") if isinstance(found, dict) else ""
