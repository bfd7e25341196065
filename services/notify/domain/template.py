"""What a message says, as templates: those that ship with the platform, and the editions that a clinic publishes.

An edition never changes; publishing makes the next one, and each message keeps the number of the one it was made of.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from services.notify.domain.recipient import Privacy
from shared.errors import Fault

_NAMESPACE: Final = UUID("0c6b2f6a-8e0b-5a55-9d0f-2b7d5d0a6f1e")


@dataclass(frozen=True)
class Wording:
    """Three templates that say the same: an SMS, and subject and body of an e-mail."""

    sms: str
    subject: str
    email: str


@dataclass(frozen=True)
class Place:
    """Which text it is: what is said (`reminder P1D`), in which language, at which level of privacy."""

    key: str
    language: str
    privacy: Privacy


@dataclass(frozen=True, kw_only=True)
class Template:
    """An edition of a clinic's own; valid from `published_at` until it is replaced."""

    id: str
    version: int = 0
    key: str
    language: str
    privacy: Privacy
    edition: int
    sms: str
    subject: str
    email: str
    published_at: datetime
    published_by: str
    replaced_at: datetime | None = None

    @property
    def place(self) -> Place:
        return Place(self.key, self.language, self.privacy)

    @property
    def wording(self) -> Wording:
        return Wording(self.sms, self.subject, self.email)

    def replaced(self, at: datetime) -> "Template":
        """No longer the valid one."""
        return replace(self, replaced_at=at)


def next_edition(
    clinic_id: str, place: Place, wording: Wording, *, edition: int, at: datetime, by: str
) -> Template:  # fmt: skip
    """A new edition; its id is made of its number, so that two at once cannot both be the next one."""
    meaning = (clinic_id, place.key, place.language, place.privacy, str(edition))
    return Template(
        id=str(uuid5(_NAMESPACE, "\n".join(meaning))),
        key=place.key,
        language=place.language,
        privacy=place.privacy,
        edition=edition,
        sms=wording.sms,
        subject=wording.subject,
        email=wording.email,
        published_at=at,
        published_by=by,
    )


@dataclass(frozen=True)
class Sample:
    """A wording with facts in it. `units`: what the SMS takes of its encoding; `parts`: as how many SMS it is sent."""

    sms: str
    encoding: str
    units: int
    parts: int
    subject: str
    email: str
    html: str


@dataclass(frozen=True)
class Preview:
    """What a wording would look like, and why it cannot be published; without samples where it cannot be read."""

    usual: Sample | None
    longest: Sample | None
    faults: tuple[Fault, ...]
