"""How fast series are booked, against the bare database doing the same writes.

The same bookings three times, each on places of its own: decided beforehand and only committed (the bare database),
decided and committed in this process, and asked for over HTTP, where the answer is kept for repetitions, too.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from itertools import count, islice
from typing import Any, Final

import requests

from bench.clinic import FIRST, Bench, BenchClinic, a_booking, served
from bench.measuring import Row, measure_each
from services.booking.domain.placement.placement import Wish
from services.booking.operations.series import BookSeries, book_series
from shared.ids import new_id

SIX: Final = "mood-iv-6x2w"
PAIRS: Final = 10
_DAYS: Final = (0, 2, 4, 7, 9, 11)
_TIMES: Final = (time(8), time(10, 30), time(13))


def rows(bench: Bench, bookings: int) -> list[Row]:
    """Alone and with eight at once."""
    found = []
    for threads in (1, 8):
        clinic = bench.clinic(PAIRS, PAIRS)
        places = places_of(clinic)
        bare = [bench.prepared(clinic.id, book_series, the_next(clinic, places)) for _ in range(bookings)]
        found.append(measure_each("bookings: the same writes, bare database", [one.commit for one in bare], threads))
        own = [the_next(clinic, places) for _ in range(bookings)]
        found.append(measure_each("bookings: in process", [_in_process(bench, clinic, one) for one in own], threads))
        with served("booking", bench.environment) as url:
            path = f"{url}/booking/v1/clinics/{clinic.id}/series"
            calls = [over_http(clinic, path, the_next(clinic, places)) for _ in range(bookings + threads)]
            for warm in calls[:threads]:
                warm()
            found.append(measure_each("bookings: over HTTP", calls[threads:], threads))
    return found


def places_of(clinic: BenchClinic) -> Iterator[tuple[Wish, ...]]:
    """Six sessions in two weeks for each chair with a nurse of its own, three times a day, fortnight by fortnight."""
    half = len(clinic.resources) // 2
    pairs = [(clinic.resources[one].id, clinic.resources[one + half].id) for one in range(half)]
    for fortnight in count():
        monday = FIRST + fortnight * timedelta(days=14)
        for pair in pairs:
            for at in _TIMES:
                days = (monday + timedelta(days=day) for day in _DAYS)
                yield tuple(Wish(datetime.combine(day, at), resource_ids=pair) for day in days)


def the_next(clinic: BenchClinic, places: Iterator[tuple[Wish, ...]]) -> BookSeries:
    """The next of these places, for somebody new."""
    (wishes,) = islice(places, 1)
    return a_booking(clinic.patient(wishes[0].local.date()), wishes, SIX)


def _in_process(bench: Bench, clinic: BenchClinic, command: BookSeries) -> Callable[[], object]:
    return lambda: bench.run(clinic.id, book_series, command)


def over_http(clinic: BenchClinic, path: str, command: BookSeries) -> Callable[[], object]:
    """The front desk's call that books it."""
    sessions = [
        {"starts_local": f"{wish.local:%Y-%m-%dT%H:%M}", "resource_ids": list(wish.resource_ids)}
        for wish in command.sessions
    ]
    body: dict[str, Any] = {"patient_id": command.patient_id, "protocol": SIX, "sessions": sessions}
    headers = {**clinic.headers, "Idempotency-Key": new_id()}

    def call() -> None:
        requests.post(path, json=body, headers=headers, timeout=30).raise_for_status()

    return call
