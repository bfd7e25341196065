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
    smtp_ca: str = setting("CA file for that; empty: the system's.", default="")
    sms_provider: str = setting("Who takes SMS.", default="sandbox", choices=("sandbox", "gateway", "twilio"))
    sms_per_second: int = setting("SMS of one clinic within a second at most; 0: as many as there are.", default=10)
    sms_from: str = setting("Number or name that SMS of clinics without a number come from.", default="")
    sms_gateway_url: str = setting("Where the gateway takes SMS.", default="")
    sms_gateway_token: str = setting("What lets us in there.", default="", secret=True)
    sms_gateway_secret: str = setting("What the gateway signs receipts and inbound SMS with.", default="", secret=True)
    twilio_account_sid: str = setting("Twilio's name of the account.", default="")
    twilio_auth_token: str = setting("What lets us in there, and what Twilio signs with.", default="", secret=True)
    twilio_base_url: str = setting("Where Twilio is.", default="https://api.twilio.com")
