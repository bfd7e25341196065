"""All settings of notify."""

from dataclasses import dataclass

from shared.settings import PlatformSettings, setting


@dataclass(frozen=True, kw_only=True)
class Settings(PlatformSettings):
    """What notify needs beyond the platform's settings."""

    smtp_host: str = setting("Mail server.", default="127.0.0.1")
    smtp_port: int = setting("Its port.", default=25)
    smtp_sender: str = setting("Address that mail comes from.", default="no-reply@kadence.invalid")
    smtp_user: str = setting("User at the mail server; empty: no log-in.", default="")
    smtp_password: str = setting("Password of that user.", default="", secret=True)
    smtp_starttls: bool = setting("Whether the connection is encrypted before mail is given.", default=False)
