"""Providers that call notify's hooks, as their servers do."""

import json
from typing import Any, Final
from urllib.parse import urlencode

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.notify.hooks.door import Secrets, hooks
from services.notify.hooks.signatures import sign, twilio_signature
from shared.http.web import create_app
from tests.support.notify_builders import CLINIC
from tests.support.notify_fakes import PUBLIC_URL, FakeNotify

SECRET: Final = "the gateway's secret"
TOKEN: Final = "twilio's token"
FORM: Final = "application/x-www-form-urlencoded"


class Providers:
    """A gateway and Twilio, in front of a world in memory."""

    def __init__(self, world: FakeNotify, *, secret: str = SECRET, token: str = TOKEN) -> None:
        door: Any = None  # no route of the API is called
        pages = [hooks(world.run, lambda: world.now, Secrets(gateway=secret, twilio=token), public_url=PUBLIC_URL)]
        self.world = world
        self.client: FlaskClient = create_app("notify", "", [], door, checks={}, pages=pages).test_client()

    def gateway(self, what: str, content: Any, *, clinic: str = CLINIC, **more: Any) -> TestResponse:
        """A call of the gateway; `content` that is no bytes goes as JSON. `more`: `signature`, `content_type`."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        signature = more.get("signature", sign(body, secret=SECRET, at=int(self.world.now.timestamp())))
        return self.client.post(
            f"/notify/hooks/gateway/{clinic}/{what}",
            data=body,
            content_type=more.get("content_type", "application/json"),
            headers={"Kadence-Signature": signature},
        )

    def twilio(self, what: str, content: dict[str, str] | bytes, *, clinic: str = CLINIC, **more: Any) -> TestResponse:
        """A call of Twilio; `what` with its query. `more`: `signature`, `content_type`, `host`."""
        path = f"/notify/hooks/twilio/{clinic}/{what}"
        fields = {} if isinstance(content, bytes) else {name: [value] for name, value in content.items()}
        return self.client.post(
            path,
            data=content if isinstance(content, bytes) else urlencode(content).encode(),
            content_type=more.get("content_type", FORM),
            headers={
                "X-Twilio-Signature": more.get("signature", twilio_signature(PUBLIC_URL + path, fields, token=TOKEN))
            },
            base_url=more.get("host", "http://10.0.0.7:8000"),
        )


def a_receipt(message_id: str, **changes: Any) -> dict[str, Any]:
    """What the gateway tells of a message."""
    return {"event_id": "ev-1", "message_id": message_id, "status": "delivered", "provider_id": "gw-1"} | changes


def a_text(text: str = "HELP", **changes: Any) -> dict[str, Any]:
    """A patient's text, by the gateway."""
    return {"event_id": "ev-1", "from": "+12125550123", "text": text} | changes
