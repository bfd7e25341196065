"""Many messages in a ledger at once, in the store's own shape: written past the operations, one patient each."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from pymongo.database import Database

from services.notify.domain.check_in import CheckIn, check_in_subject
from services.notify.domain.message import Channel, Kind, Message
from services.notify.domain.planning import Meaning, Timing, queued
from services.notify.domain.recipient import Privacy, Recipient
from shared.converters import to_document

OF_USE: Final = timedelta(days=3)
_AT_ONCE: Final = 5_000
Document = dict[str, Any]


@dataclass(frozen=True)
class Heap:
    """Where messages are put: a clinic's ledger, and what seals for that clinic."""

    database: Database[Document]
    clinic_id: str
    seal: Callable[[str], str]
    now: datetime

    def add(self, count: int, channel: Channel, *, due_at: datetime, name: str = "heap") -> list[Message]:
        """Links to check-ins, one for each of so many new patients, who can be reached by this channel only."""
        subjects = [f"{self.clinic_id}-{name}-{channel}-{number}" for number in range(count)]
        letters = [self._message(subject, channel, due_at) for subject in subjects]
        link, person = self.seal("https://care.example/followup/c/a-link"), self.seal("Ada Byron")
        self._insert("recipients", (self._recipient(id, number, channel, person) for number, id in enumerate(subjects)))
        self._insert("check_ins", (self._check_in(subject, link, due_at) for subject in subjects))
        self._insert("messages", letters)
        return letters

    def add_future(self, count: int, *, due_at: datetime, step: timedelta) -> None:
        """Messages of nobody, one after the other; they are there to be passed by."""
        like = self._stored(self._message("future", Channel.SMS, due_at))
        rows = (
            {
                **like,
                "_id": f"{self.clinic_id}-future-{number}",
                "patient_id": f"future-{number}",
                "about": check_in_subject(f"future-{number}"),
                "channel": (Channel.SMS, Channel.EMAIL)[number % 2].value,
                **dict.fromkeys(("due_at", "needed_at", "next_at"), due_at + number * step),
                "expires_at": due_at + number * step + OF_USE,
            }
            for number in range(count)
        )
        self._write("messages", rows)

    def _message(self, subject: str, channel: Channel, due_at: datetime) -> Message:
        meaning = Meaning(subject, check_in_subject(subject), Kind.CHECK_IN_LINK, channel)
        return queued(self.clinic_id, meaning, Timing(due_at, due_at + OF_USE), at=self.now)

    def _recipient(self, id: str, number: int, channel: Channel, person: str) -> Recipient:
        return Recipient(
            id=id,
            name=person,
            phone=self.seal(phone_of(number)) if channel is Channel.SMS else None,
            email=self.seal(mailbox_of(number)) if channel is Channel.EMAIL else None,
            locale="en",
            zone=None,
            country=None,
            privacy=Privacy.STANDARD,
            preferred_channel=channel,
        )

    def _check_in(self, subject: str, link: str, opened_at: datetime) -> CheckIn:
        return CheckIn(
            id=check_in_subject(subject),
            patient_id=subject,
            link=link,
            opened_at=opened_at,
            expires_at=opened_at + OF_USE,
        )

    def _insert(self, collection: str, aggregates: Iterable[Any]) -> None:
        self._write(collection, (self._stored(one) for one in aggregates))

    def _write(self, collection: str, rows: Iterator[Document]) -> None:
        while batch := list(islice(rows, _AT_ONCE)):
            self.database[collection].insert_many(batch, ordered=False)

    def _stored(self, aggregate: Any) -> Document:
        """As `shared.persistence.documents` inserts it."""
        state = {name: value for name, value in to_document(aggregate).items() if value != []}
        id = state.pop("id")
        return {**state, "_id": id, "clinic_id": self.clinic_id, "version": 1, "told": 0, "outbox": []}


def phone_of(number: int) -> str:
    """Another one for each number below ten million."""
    return f"+1202{number:07}"


def mailbox_of(number: int) -> str:
    return f"p{number}@example.com"
