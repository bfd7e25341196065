"""The audit chain in memory."""

from collections.abc import Callable
from typing import Any

from services.booking.domain.audit.entry import BEGIN, Act, Entry, Head, Stretch, chained
from shared.errors import Contended
from shared.paging import Page, page_from


class FakeAudit:
    """Each clinic's entries in `chains`; `write` takes a check and an effect, both for the commit."""

    def __init__(
        self,
        chains: dict[str, list[Entry]],
        clinic_id: str,
        write: Callable[[Callable[[], None], Callable[[], None]], None],
    ) -> None:
        self._kept = chains.setdefault(clinic_id, [])
        self._clinic_id = clinic_id
        self._write = write
        self._head: Head | None = None

    def open(self) -> Head:
        self._head = self._head or _head_of(self._kept)
        return self._head

    def add(self, act: Act) -> None:
        before = self.open()
        entry = chained(self._clinic_id, before, act)
        self._head = entry.head
        self._write(lambda: self._check(before), lambda: self._kept.append(entry))

    def page(self, *, after: str | None, limit: int, **wanted: Any) -> Page[Entry]:
        asked = {name: value for name, value in wanted.items() if value is not None}
        found = [entry for entry in self._kept if asked.items() <= vars(entry.act).items()]
        return page_from(found, after=after and _place(int(after)), limit=limit, place=lambda entry: _place(entry.seq))

    def stretch(self, after: int, most: int) -> Stretch:
        part, head = tuple(self._kept[after : after + most]), _head_of(self._kept)
        return Stretch(part, min(head.seq, after + most), head)

    def _check(self, before: Head) -> None:
        # Entries that this unit itself has put in front are not kept before the commit applies them.
        if _head_of(self._kept).seq > before.seq:
            raise Contended("somebody else has added to the chain")


def _head_of(entries: list[Entry]) -> Head:
    return entries[-1].head if entries else BEGIN


def _place(seq: int) -> str:
    return f"{seq:09}"
