"""The routes of the hooks: signature first, then what it says, then one unit of work.

Whatever is not signed by whoever knows our secret is refused before anything of it is read. What was told before is
answered like the first time, so that providers stop repeating it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog
from flask import Blueprint, Response, request
from werkzeug.exceptions import UnsupportedMediaType

from services.notify.hooks import gateway, twilio
from services.notify.hooks.signatures import is_signed, is_twilios
from services.notify.operations.hooks import TakeHook, take_hook
from services.notify.operations.ports import ToldBefore
from services.notify.operations.receipts import take_receipt
from shared.clock import Clock
from shared.errors import Unauthenticated
from shared.http.pages import Run
from shared.telemetry import metrics

PREFIX: Final = "/notify/hooks"
SIGNATURE: Final = "Kadence-Signature"
TWILIO_SIGNATURE: Final = "X-Twilio-Signature"
MOST_BYTES: Final = 64 * 1024
OUTCOMES: Final = ("taken", "replayed", "unknown-message", "forged")
_NOTHING_TO_SAY: Final = "<Response/>"
"""Twilio would send anything else to the patient."""
log = structlog.get_logger()


@dataclass(frozen=True)
class Secrets:
    """What signatures are checked with; an empty one refuses every call."""

    gateway: str
    twilio: str


def hooks(run: Run, clock: Clock, secrets: Secrets, *, public_url: str) -> Blueprint:
    """The routes below `/notify/hooks`. `public_url`: under which address providers call us, whatever they say."""
    metrics.begin_at_zero("kadence_hooks_total", provider=(gateway.NAME, twilio.NAME), outcome=OUTCOMES)
    door = _Door(run, clock, secrets, public_url.rstrip("/"))
    routes = Blueprint("hooks", __name__, url_prefix=PREFIX)
    views: dict[str, Callable[[str], Response]] = {
        f"/{gateway.NAME}/<clinic_id>/receipts": door.gateway_receipt,
        f"/{gateway.NAME}/<clinic_id>/inbound": door.gateway_inbound,
        f"/{twilio.NAME}/<clinic_id>/receipts": door.twilio_receipt,
        f"/{twilio.NAME}/<clinic_id>/inbound": door.twilio_inbound,
    }
    for path, view in views.items():
        routes.add_url_rule(path, view.__name__, view, methods=["POST"])
    return routes


class _Door:
    """One method for each thing that is told."""

    def __init__(self, run: Run, clock: Clock, secrets: Secrets, public_url: str) -> None:
        self._run = run
        self._clock = clock
        self._secrets = secrets
        self._public_url = public_url

    def gateway_receipt(self, clinic_id: str) -> Response:
        """What became of a message."""
        self._take(clinic_id, gateway.receipt(self._of_gateway()))
        return _heard()

    def gateway_inbound(self, clinic_id: str) -> Response:
        """What a patient wrote."""
        self._take(clinic_id, gateway.inbound(self._of_gateway(), self._clock()))
        return _heard()

    def twilio_receipt(self, clinic_id: str) -> Response:
        """What became of a message."""
        self._take(clinic_id, twilio.receipt(self._of_twilio(), twilio.form(request.query_string)))
        return _heard_twilio()

    def twilio_inbound(self, clinic_id: str) -> Response:
        """What a patient wrote."""
        self._take(clinic_id, twilio.inbound(self._of_twilio(), self._clock()))
        return _heard_twilio()

    def _of_gateway(self) -> bytes:
        """The body that the gateway signed. Raises `Unauthenticated` and `UnsupportedMediaType`."""
        body = _body()
        signature = request.headers.get(SIGNATURE, "")
        if not is_signed(signature, body, secret=self._secrets.gateway, now=self._clock()):
            raise _forged()
        _require(gateway.MEDIA_TYPE)
        return body

    def _of_twilio(self) -> twilio.Form:
        """The form that Twilio signed. Raises `Unauthenticated`, `UnsupportedMediaType` and `BadRequest`."""
        body = _body()
        _require(twilio.MEDIA_TYPE)
        found = twilio.form(body)
        query = f"?{request.query_string.decode('ascii', 'replace')}" if request.query_string else ""
        address = f"{self._public_url}{request.path}{query}"
        signature = request.headers.get(TWILIO_SIGNATURE, "")
        if not is_twilios(signature, address, found, token=self._secrets.twilio):
            raise _forged()
        return found

    def _take(self, clinic_id: str, hook: TakeHook) -> None:
        try:
            found = self._run(clinic_id, take_hook, hook)
        except ToldBefore:
            outcome = "replayed"
        else:
            is_unknown = hook.operation is take_receipt and found is None
            outcome = "unknown-message" if is_unknown else "taken"
            if is_unknown:
                log.warning("receipt of an unknown message", message_id=hook.command.message_id)
        metrics.count("kadence_hooks_total", provider=hook.provider, outcome=outcome)


def _body() -> bytes:
    """At most `MOST_BYTES`; more is answered with 413."""
    request.max_content_length = MOST_BYTES
    return request.get_data(cache=False)


def _require(media_type: str) -> None:
    if request.mimetype != media_type:
        raise UnsupportedMediaType(f"Send the body as {media_type}.")


def _forged() -> Unauthenticated:
    metrics.count("kadence_hooks_total", provider=request.path.split("/")[3], outcome="forged")
    return Unauthenticated("hook.not-signed", "The signature is missing, wrong or too old.")


def _heard() -> Response:
    return Response("{}", content_type="application/json")


def _heard_twilio() -> Response:
    return Response(_NOTHING_TO_SAY, content_type="text/xml")
