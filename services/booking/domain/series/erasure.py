"""When a clinic may erase who a patient was: nothing runs any more, and no cap counts their doses."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Final

from services.booking.domain.protocol.caps import LOOKED_BACK
from services.booking.domain.series.series import OVER, Series
from shared.errors import Fault

COUNTED_FOR: Final = timedelta(days=LOOKED_BACK)
"""Until then the doses protect the person in every clinic."""


def faults_of_erasing(patients: Iterable[Series], external: Iterable[date], today: date) -> list[Fault]:
    """Every reason why a patient with these series and doses from elsewhere cannot be erased on a local date."""
    series = list(patients)
    running = [
        Fault("patient.series-open", f"The series {one.id} is {one.status}.", context={"series_id": one.id})
        for one in series
        if one.status not in OVER
    ]
    return [*running, *_counted((*external, *(day for one in series for day in one.dose_dates)), today)]


def _counted(doses: Iterable[date], today: date) -> Iterator[Fault]:
    last = max(doses, default=date.min)
    if last != date.min and today <= last + COUNTED_FOR:
        earliest = last + COUNTED_FOR + timedelta(days=1)
        detail = f"The dose of {last} counts for what may be given in any clinic; the earliest date is {earliest}."
        yield Fault("patient.doses-count", detail, context={"earliest": earliest.isoformat()})
