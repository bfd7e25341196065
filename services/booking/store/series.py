"""Series at rest: one document with its sessions and, in one flat list, every slot that they hold.

The unique index over that list makes a double booking impossible, whatever was decided and whoever decides at the same
time.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from services.booking.domain.calendar.slots import LONGEST_SESSION, runs_of, slots_of
from services.booking.domain.patient.exposure import Source
from services.booking.domain.series.series import Series, SeriesStatus
from services.booking.domain.series.session import Session
from services.booking.domain.views.day_sheet import SessionOfSeries
from services.booking.store.exposure import ExposureStore
from shared.converters import from_document, to_document
from shared.persistence.documents import Documents, LinkIndex
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import Document, Unit

SERIES = "series"
Follow = Callable[[Series, Series], Series]
"""Saves what follows from a series as it was becoming what it is; the series that is then to be saved."""


def due(now: datetime) -> Document:
    """Filter for the series, of all clinics, about which something is due."""
    return {"next_at": {"$lte": now}}


def outlived(now: datetime) -> Document:
    """Filter for the holds, of all clinics, whose time is over."""
    return {"status": SeriesStatus.HELD.value, "held_until": {"$lte": now}}


class SeriesStore:
    """Series in the collection `series`.

    A taken slot means `Contended`: decided again, the operation sees who has it, and either finds another place or
    tells every clash. What a series adds to its person's exposure, and what follows from its change, is written in the
    same commit, by `save` itself: no operation can forget it.
    """

    def __init__(self, unit: Unit, sealer: Sealer, exposures: ExposureStore, follow: Follow) -> None:
        self._clinic_id = unit.clinic_id
        self._sealer = sealer
        self._exposures = exposures
        self._follow = follow
        self._known: dict[str, Series] = {}
        self._documents = Documents[Series](
            unit,
            SERIES,
            kind="series",
            to_document=self._to_document,
            from_document=self._from_document,
        )
        self.get = self._documents.get
        links = LinkIndex(self._documents, "link_digest", "page")
        self.by_link = links.by_link
        self.clinic_of_link = links.clinic_of_link

    def save(self, series: Series, events: Iterable[Any] = ()) -> Series:
        """The series as it then stands, what follows from the change, and its doses where its person's are counted."""
        before = self._known.get(series.id)
        kept = series if before is None else self._follow(before, series)
        if before is not None and before.person != kept.person:
            self._exposures.put(before.person, Source.SERIES, kept.id, ())
            self._exposures.take_along(before.person, kept.person, kept.id)
        if before is None or (before.person, before.dose_dates) != (kept.person, kept.dose_dates):
            is_moved = before is not None and before.person != kept.person
            self._exposures.put(kept.person, Source.SERIES, kept.id, kept.dose_dates, is_unforeseen=is_moved)
        saved = self._documents.save(kept, events)
        self._known[kept.id] = saved
        return saved

    def list(
        self, *, after: str | None, limit: int, patient_id: str | None, status: SeriesStatus | None
    ) -> list[Series]:
        """Series behind `after`, by id; only those of a patient or with a status when given."""
        wanted: Document = {"_id": {"$gt": after or ""}}
        if patient_id is not None:
            wanted["patient_id"] = patient_id
        if status is not None:
            wanted["status"] = str(status)
        return self._documents.find(wanted, limit=limit)

    def of_patient(self, patient_id: str) -> Sequence[Series]:
        """All series of a patient."""
        return self._documents.find({"patient_id": patient_id})

    def of_person(self, person: str) -> Sequence[Series]:
        """All series, of this clinic, of whoever has this token."""
        return self._documents.find({"person": person})

    def between(self, from_at: datetime, until_at: datetime) -> Sequence[Series]:
        """Series of which any session, whatever became of it, starts in [from_at, until_at)."""
        starts = {"$elemMatch": {"starts_at": {"$gte": from_at, "$lt": until_at}}}
        return self._documents.find({"sessions": starts})

    def taking(self, resource_id: str, after: datetime) -> Sequence[Series]:
        """Series of which any session that ends after an instant takes this resource, or did before it was lost."""
        starts = {"starts_at": {"$gt": after - LONGEST_SESSION}}
        takes = {"ends_at": {"$gt": after}, "claims.resource_id": resource_id}
        return self._documents.find({"sessions": {"$elemMatch": {**starts, **takes}}})

    def sessions_between(self, from_at: datetime, until_at: datetime) -> Sequence[SessionOfSeries]:
        """Sessions that start in [from_at, until_at), whatever became of them, and places on offer."""
        starts = {"$gte": from_at, "$lt": until_at}
        found = self._documents.parts(_with_places(starts), "patient_id", "zone", "sessions", "offered.session")
        return [
            SessionOfSeries(row["_id"], row["patient_id"], row["zone"], from_document(Session, part), is_offered)
            for row in found
            for part, is_offered in _places(row)
            if from_at <= part["starts_at"] < until_at
        ]

    def busy(
        self, resource_ids: Collection[str], from_at: datetime, until_at: datetime, *, but: str | None = None
    ) -> frozenset[str]:
        """The slots of these resources (patients among them) taken in [from_at, until_at); by all series `but` one."""
        starts = {"$gte": from_at - LONGEST_SESSION, "$lt": until_at}
        wanted = _with_places(starts) if but is None else {**_with_places(starts), "_id": {"$ne": but}}
        found = self._documents.parts(wanted, "runs")
        runs = (run for document in found for run in document.get("runs", ()))
        return slots_of(runs, resource_ids, from_at, until_at)

    def taken(self, from_at: datetime, until_at: datetime) -> Sequence[str]:
        """The runs of slots (`calendar.runs_of`) of all series with a session or an offer in [from_at, until_at)."""
        starts = {"$gte": from_at - LONGEST_SESSION, "$lt": until_at}
        return [run for row in self._documents.parts(_with_places(starts), "runs") for run in row.get("runs", ())]

    def _from_document(self, document: Document) -> Series:
        overrides = [{**one, "reason": self._sealer.unseal(one["reason"])} for one in document.get("overrides", ())]
        series = from_document(Series, {**document, "overrides": overrides})
        self._known[series.id] = series
        return series

    def _to_document(self, series: Series) -> Document:
        """What clinicians wrote is sealed."""
        document = to_document(series)
        written = [
            {**one, "reason": self._sealer.seal(self._clinic_id, one["reason"])} for one in document["overrides"]
        ]
        slots = sorted(series.slots)
        more = {"overrides": written, "slots": slots, "runs": runs_of(slots), "next_at": series.next_at}
        return {**document, **more}


def _with_places(starts: Document) -> Document:
    """Filter for the series with a session, or a place on offer, that starts then."""
    return {"$or": [{"sessions": {"$elemMatch": {"starts_at": starts}}}, {"offered.session.starts_at": starts}]}


def _places(document: Document) -> Iterator[tuple[Document, bool]]:
    """The sessions, and the place on offer."""
    yield from ((session, False) for session in document["sessions"])
    if offered := document.get("offered"):
        yield offered["session"], True
