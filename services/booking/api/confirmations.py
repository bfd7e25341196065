"""What concerns a patient's coming, over HTTP: their word for it, and the entry in their calendar."""

from typing import Final

from services.booking.api.scopes import CARE
from services.booking.api.series import SESSION
from services.booking.api.series_schemas import SeriesAnswer
from services.booking.operations import confirmations
from services.booking.operations.confirmations import Appointment
from services.booking.pages.files import appointments_file
from shared.calendar_file import MEDIA_TYPE
from shared.http.routes import File, Route


def as_calendar_file(found: Appointment) -> bytes:
    """An appointment as an iCalendar file."""
    return appointments_file(found.series, [found.session], found.clinic, at=found.at)


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "POST",
        f"{SESSION}/confirm",
        "Note that the patient will come",
        CARE,
        confirmations.ConfirmSession,
        confirmations.confirm_session,
        SeriesAnswer,
        description="What they told the desk; a session that moves has to be confirmed anew.",
    ),
    Route(
        "GET",
        f"{SESSION}/calendar",
        "Show a session as a calendar file",
        CARE,
        confirmations.ShowAppointment,
        confirmations.show_appointment,
        File(MEDIA_TYPE, as_calendar_file),
        description="RFC 5545: the same UID for life, SEQUENCE rising with each move, CANCEL when it is called off.",
    ),
)
