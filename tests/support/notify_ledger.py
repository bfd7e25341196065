"""The ledger in memory, with leases and its two unique keys."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta

from services.notify.domain.call import NOT_SAID
from services.notify.domain.events import Event
from services.notify.domain.message import WENT_OUT, Channel, Kind, Message, Status
from services.notify.operations.ports import Claim
from shared.errors import Contended, NotFound
from shared.paging import Page
from tests.support.notify_stores import FakeStore, OpenUnit


class FakeMessages(FakeStore[Message]):
    """A second row of one meaning is a bug, a second one in a place comes second."""

    def __init__(self, unit: OpenUnit, kind: type[Message]) -> None:
        super().__init__(unit, kind)
        self.held: dict[str, Claim] = {}

    def get(self, id: str) -> Message:
        found = self.find(id)
        if found is None:
            raise NotFound("message")
        return found

    def claimed(self, claim: Claim) -> Message | None:
        if not self._holds(claim):
            return None
        self.held[claim.message_id] = claim
        return self.find(claim.message_id)

    def check(self, read: Message) -> None:
        super().check(read)
        if read.id in self.held and not self._holds(self.held[read.id]):
            raise Contended(f"the claim on {read.id} is lost")
        if any(_meaning(row) == _meaning(read) and row.id != read.id for row in self.mine()):
            raise AssertionError(f"{_meaning(read)} is in the ledger twice")
        if read.place and any(row.place == read.place and row.id != read.id for row in self.mine()):
            raise Contended(f"{read.place} is taken")

    def keep(self, saved: Message, told: list[Event]) -> None:
        super().keep(saved, told)
        if saved.status is not Status.SENDING or saved.next_at > self.unit.now:
            self.unit.world.release(saved.id)

    def known(self, ids: Iterable[str]) -> set[str]:
        return {id for id in ids if self.find(id)}

    def about(self, subjects: Sequence[str]) -> list[Message]:
        return [row for row in self.mine() if row.about in subjects]

    def queued_for(self, patient_id: str) -> list[Message]:
        return [row for row in self.mine() if row.patient_id == patient_id and row.status is Status.QUEUED]

    def said_to(self, patient_id: str) -> list[Message]:
        rows = [row for row in self.mine() if row.patient_id == patient_id and row.status in WENT_OUT]
        return sorted(rows, key=_position)

    def not_said(self, *, since: datetime, after: str | None, limit: int) -> list[Message]:
        by_desk = (Channel.DESK, Status.SENT)
        rows = [row for row in self.mine() if row.status in NOT_SAID or (row.channel, row.status) == by_desk]
        needed = {f"{row.needed_at.isoformat()} {row.id}": row for row in rows if row.needed_at > since}
        return [needed[place] for place in sorted(needed) if place > (after or "")][:limit]

    def places_taken(self, patient_id: str, since: date) -> list[str]:
        places = [row.place for row in self.mine() if row.place]
        return [place for place in places if f"{patient_id} {since}" <= place < f"{patient_id}!"]

    def opt_out_told_since(self, patient_id: str, at: datetime) -> bool:
        rows = [row for row in self.mine() if row.patient_id == patient_id and row.status in WENT_OUT]
        return any(row.tells_opt_out and row.history[-1].at >= at for row in rows)

    def last_said(self, address: str, kinds: Collection[Kind], *, until: datetime) -> Message | None:
        rows = [row for row in self.mine() if row.address == address and row.kind in kinds and row.status in WENT_OUT]
        said = [row for row in rows if row.begun_at and row.begun_at <= until]
        return max(said, key=lambda row: row.begun_at or until, default=None)

    def page(
        self, *, patient_id: str | None, about: str | None, status: Status | None, after: str | None, limit: int
    ) -> Page[Message]:
        asked = {"patient_id": patient_id, "about": about, "status": status}
        wanted = {name: value for name, value in asked.items() if value is not None}
        found = [
            row for row in self.unit.world.messages(**wanted) if row in self.mine() and _position(row) > (after or "")
        ]
        return Page(found[:limit], _position(found[limit - 1]) if len(found) > limit else None)

    def _holds(self, claim: Claim) -> bool:
        owner, fence, _ = self.unit.world.leases.get(claim.message_id, ("", 0, timedelta()))
        return (owner, fence) == (claim.owner, claim.fence)


def _position(message: Message) -> str:
    return f"{message.due_at.isoformat()} {message.id}"


def _meaning(row: Message) -> tuple[object, ...]:
    return row.patient_id, row.reader, row.about, row.kind, row.offset, row.revision, row.channel
