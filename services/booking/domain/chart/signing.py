"""Whether a signature is one: of the present text, for what it can be good for, and given with a clear head."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from services.booking.domain.chart.consent import Consent, ConsentTexts, Scope
from services.booking.domain.series.series import OVER, Series
from services.booking.domain.series.session import Session
from shared.errors import Fault, RuleBroken
from shared.localtime import local_date


def require_signed(
    consent: Consent, texts: ConsentTexts, series: Iterable[Series], *, registered_at: datetime | None, now: datetime
) -> None:
    """Raises `RuleBroken` with every reason why the patient, whose `series` these are, cannot have signed like this."""
    faults = [
        *_about_time(consent, registered_at, now),
        *_about_scope(consent, [one for one in series if one.id == consent.series_id]),
        *_about_text(consent, texts),
        *_about_sense(consent, [session for one in series for session in one.sessions]),
    ]
    if faults:
        raise RuleBroken("consent.refused", "This signature cannot be kept.", faults)


def is_impaired(session: Session, at: datetime, zone: str) -> bool:
    """Whether who is given the medicine in this session cannot sign anything.

    From its begin on until the local day is over, or longer until they have gone home: nobody who was given ketamine
    decides anything of weight on that day (the usual advice of anaesthetists for 24 hours). Clinic default.
    """
    begun = session.started_at
    if not session.doses or begun is None or at < begun:
        return False
    is_still_there = session.discharged_at is None or at < session.discharged_at
    return is_still_there or local_date(begun, zone) == local_date(at, zone)


def _about_time(consent: Consent, registered_at: datetime | None, now: datetime) -> Iterator[Fault]:
    if consent.signed_at > now:
        yield Fault("consent.in-future", "That time has not come yet.", "/signed_at")
    if registered_at is not None and consent.signed_at < registered_at:
        yield Fault("consent.before-registration", "The patient was not registered then.", "/signed_at")


def _about_scope(consent: Consent, meant: list[Series]) -> Iterator[Fault]:
    scope = consent.rule.scope
    if (consent.recipient is None) is (scope is Scope.RECIPIENT):
        detail = "Say who may be told." if consent.recipient is None else f"{consent.kind} has no recipient."
        yield Fault("consent.recipient-wrong", detail, "/recipient")
    if consent.series_id is not None and scope is not Scope.SERIES:
        yield Fault("consent.series-wrong", f"{consent.kind} is not signed for one series.", "/series_id")
    if any(series.status in OVER for series in meant):
        yield Fault("consent.series-over", "That series is over.", "/series_id")


def _about_text(consent: Consent, texts: ConsentTexts) -> Iterator[Fault]:
    if not texts.has_signed_now(consent.kind, consent.text_version):
        present = texts.versions[consent.kind]
        yield Fault("consent.text-replaced", f"The text to be signed is {present}.", "/text_version")


def _about_sense(consent: Consent, sessions: list[Session]) -> Iterator[Fault]:
    if any(is_impaired(session, consent.signed_at, consent.zone) for session in sessions):
        detail = "The medicine had been given: nothing is signed before the next day, and not before going home."
        yield Fault("consent.impaired", detail, "/signed_at")
