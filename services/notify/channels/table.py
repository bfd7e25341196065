"""Which provider takes the letters of each channel, and what guards it."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from pymongo.database import Database

from services.notify.channels.email import EmailChannel, smtp_session
from services.notify.channels.gateway import GatewayChannel
from services.notify.channels.guarded import ACCEPTED, FAILED, Guarded, guarded
from services.notify.channels.rate import SharedRate
from services.notify.channels.sandbox import SandboxChannel
from services.notify.channels.twilio import TwilioChannel, twilio_client
from services.notify.domain.message import Channel
from services.notify.operations.ports import Provider
from services.notify.settings import Settings
from shared.clock import Clock
from shared.persistence.sealed import Sealer
from shared.settings import SettingsFault, variable
from shared.telemetry import metrics

NEEDED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "sandbox": (),
        "gateway": ("sms_gateway_url", "sms_gateway_token", "sms_gateway_secret"),
        "twilio": ("twilio_account_sid", "twilio_auth_token", "twilio_base_url"),
    }
)
"""Settings that each provider of SMS cannot do without."""


def providers(
    settings: Settings, database: Database[dict[str, Any]], sealer: Sealer, clock: Clock
) -> Mapping[Channel, Guarded]:
    """One provider for each channel that goes out by wire. Raises `SettingsFault`."""
    chosen = settings.sms_provider
    _require(settings, NEEDED[chosen])
    make: Mapping[str, Callable[[], Provider]] = {
        "sandbox": partial(SandboxChannel, database, sealer, clock),
        "gateway": partial(_gateway, settings),
        "twilio": partial(_twilio, settings),
    }
    rate = SharedRate(database, chosen, settings.sms_per_second) if settings.sms_per_second > 0 else None
    found = {Channel.SMS: guarded(make[chosen](), rate), Channel.EMAIL: guarded(_mail(settings))}
    metrics.begin_at_zero("kadence_provider_calls_total", channel=found, outcome=(ACCEPTED, *FAILED.values()))
    return found


def _require(settings: Settings, names: tuple[str, ...]) -> None:
    missing = [variable(one) for one in fields(settings) if one.name in names and not getattr(settings, one.name)]
    if missing:
        raise SettingsFault(f"KADENCE_SMS_PROVIDER={settings.sms_provider} needs " + ", ".join(missing))


def _gateway(settings: Settings) -> Provider:
    return GatewayChannel(
        settings.sms_gateway_url, settings.sms_gateway_token, sender=settings.sms_from, public_url=settings.public_url
    )


def _twilio(settings: Settings) -> Provider:
    client = twilio_client(settings.twilio_account_sid, settings.twilio_auth_token, settings.twilio_base_url)
    return TwilioChannel(client, sender=settings.sms_from, public_url=settings.public_url)


def _mail(settings: Settings) -> Provider:
    connect = partial(
        smtp_session,
        settings.smtp_host,
        settings.smtp_port,
        user=settings.smtp_user,
        password=settings.smtp_password,
        starttls=settings.smtp_starttls,
        ca=settings.smtp_ca,
    )
    return EmailChannel(connect, settings.smtp_sender)
