"""Facts to try texts with: as they usually are, as long as they can get, and with marks instead of texts."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import product
from typing import Final

from services.notify.domain.clinic import Clinic
from services.notify.domain.clock_face import FACES
from services.notify.domain.crisis_lines import LINES, crisis_line
from services.notify.domain.text_keys import LONGEST_ALIAS, LONGEST_LINK, LONGEST_PHONE, TextKey
from services.notify.domain.wording import Content, Facts, facts_of
from services.notify.templates.language import FLAGS
from shared.localtime import resolve_forward, to_local

LINK: Final = "https://care.example/booking/a/4f0c1f6e8b2d4c7a9e3b5d71f0a6c8e2/1"
BODY: Final = "Please bring your insurance card to your next visit."
MARK: Final = "\ue000{}\ue001"
"""Stands for the text of a name: letters that no text has."""
_MOST_VISITS: Final = 4
"""So many lie within seven days in the densest protocols."""


@dataclass(frozen=True)
class SampleVisit:
    """A visit of nobody."""

    zone: str
    starts_at: datetime
    starts_local: datetime


def usual_facts(clinic: Clinic, *, language: str, now: datetime) -> Facts:
    """A clinic's own, with a visit three days ahead at nine."""
    wall = to_local(now, clinic.zone).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=3)
    first = resolve_forward(wall, clinic.zone)
    return facts_of(_content(clinic.zone, first, visits=1), clinic, None, language=language, now=now)


def longest_facts(clinic: Clinic, *, language: str) -> Facts:
    """Every field at its longest: half past ten in the evening at the end of December, read from another zone.

    Lord Howe's zone is the one whose name is longest, as it has none.
    """
    zone = "Australia/Lord_Howe"
    first = datetime.fromisoformat("2026-12-30T22:30+11:00")
    wide = replace(clinic, sender_alias="M" * LONGEST_ALIAS, phone="0" * LONGEST_PHONE, zone="America/New_York")
    facts = facts_of(_content(zone, first, visits=_MOST_VISITS), wide, None, language=language, now=first)
    lines = [crisis_line(country, language) for country in ("", *LINES)]
    limit = f"{FACES[language].time(to_local(first, zone))} UTC+11:00"
    return {
        **facts,
        "link": "https://" + "m" * (LONGEST_LINK - len("https://")),
        "solid_hours": "24",
        "clear_hours": "23:59",
        "solids": limit,
        "clear": limit,
        "emergency": max((line.brief for line in lines), key=len),
        "crisis": max((line.full for line in lines), key=len),
        "emergency_number": max((line.number for line in lines), key=len),
    }


def marks(key: TextKey) -> Facts:
    """A mark for each name, so that one sees where it is said."""
    return {name: True if name in FLAGS else MARK.format(name) for name in _names(key)}


def cases(key: TextKey, facts: Facts) -> Iterator[Facts]:
    """The facts with and without each of those that may be empty, in all combinations.

    `visits` and `others` come and go together: a list of one is none.
    """
    maybe = sorted(key.maybe - {"others"})
    for there in product((True, False), repeat=len(maybe)):
        gone = {name for name, is_there in zip(maybe, there, strict=True) if not is_there}
        gone |= {"others"} if "visits" in gone else set()
        flags = dict.fromkeys(key.maybe & FLAGS - gone, True)
        yield {**facts, **flags, **{name: False if name in FLAGS else "" for name in gone}}


def _names(key: TextKey) -> frozenset[str]:
    return key.always | key.maybe | {"alias", "phone"}


def _content(zone: str, first: datetime, *, visits: int) -> Content:
    times = [first + timedelta(days=day) for day in range(visits)]
    return Content(
        visits=[SampleVisit(zone, at, to_local(at, zone)) for at in times],
        link=LINK,
        until=first,
        no_driving_until=first,
        collect_at=first,
        body=BODY,
        can_reply=True,
        is_staffed=True,
    )
