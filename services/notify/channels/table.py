"""Which provider takes the letters of each channel."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from pymongo.database import Database

from services.notify.channels.email import EmailChannel, smtp_session
from services.notify.channels.sandbox import SandboxChannel
from services.notify.domain.message import Channel
from services.notify.operations.ports import Provider
from services.notify.settings import Settings
from shared.clock import Clock
from shared.sealed import Sealer


def providers(
    settings: Settings, database: Database[dict[str, Any]], sealer: Sealer, clock: Clock
) -> Mapping[Channel, Provider]:
    """One provider for each channel."""
    connect = partial(
        smtp_session,
        settings.smtp_host,
        settings.smtp_port,
        user=settings.smtp_user,
        password=settings.smtp_password,
        starttls=settings.smtp_starttls,
    )
    return {
        Channel.SMS: SandboxChannel(database, sealer, clock),
        Channel.EMAIL: EmailChannel(connect, settings.smtp_sender),
    }
