"""How a series is best written: one document, or one for each session; alone, or with the answer that is kept."""

from datetime import UTC, datetime, timedelta
from typing import Final

from bench.measuring import Row, measure
from services.booking.domain.calendar.slots import slots_between
from shared.ids import new_id
from shared.persistence.mongo import Index, connect, create_indexes, database
from shared.persistence.unit_of_work import Cause, Document, Insert, Unit

SESSIONS, RESOURCES = 6, 3
SESSION: Final = timedelta(minutes=145)


def rows(url: str, seconds: float) -> list[Row]:
    """One row for each way, alone and with eight writers."""
    return [row for threads in (1, 8) for row in _rows(url, threads, seconds)]


def _rows(url: str, threads: int, seconds: float) -> list[Row]:
    client = connect(url)
    where = database(client, f"bench{threads}", "booking")
    unique_slots = Index("series", (("clinic_id", 1), ("slots", 1)), unique=True, only={"slots": {"$exists": True}})
    create_indexes(where, [unique_slots])

    def unit() -> Unit:
        return Unit(
            where,
            source="bench",
            clinic_id="clinic",
            now=datetime.now(UTC),
            new_id=new_id,
            cause=Cause("", "", ""),
            tell=lambda _, envelope: envelope,
        )

    def one_insert() -> None:
        work = unit()
        work.write(Insert("series", _series()))
        work.commit()

    def with_answer() -> None:
        work = unit()
        work.write(Insert("series", _series()))
        work.write(Insert("answers", {"_id": new_id(), "body": "x" * 2000}), first=True)
        work.commit()

    def six_documents() -> None:
        work = unit()
        for session in _sessions():
            work.write(Insert("series", {"_id": new_id(), "clinic_id": "clinic", "slots": session}))
        work.commit()

    found = [
        measure("a series in one insert", one_insert, threads, seconds),
        measure("the same with an idempotent answer (transaction of two)", with_answer, threads, seconds),
        measure("six sessions as six documents (transaction)", six_documents, threads, seconds),
    ]
    client.close()
    return found


def _series() -> Document:
    slots = [slot for session in _sessions() for slot in session]
    return {"_id": new_id(), "clinic_id": "clinic", "slots": slots, "outbox": [{"id": new_id()}]}


def _sessions() -> list[list[str]]:
    """Six sessions of three resources that nobody else has: about 520 slots."""
    start = datetime(2027, 1, 4, 14, tzinfo=UTC)
    names = [new_id() for _ in range(RESOURCES)]
    starts = [start + timedelta(days=2 * number) for number in range(SESSIONS)]
    return [[slot for name in names for slot in slots_between(name, at, at + SESSION)] for at in starts]
