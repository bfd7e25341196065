from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.converters import from_document, from_json, to_document, to_json


class Flavour(StrEnum):
    PLUM = "plum"
    APPLE = "apple"


@dataclass(frozen=True)
class Tier:
    size: int
    iced: bool = False


@dataclass(frozen=True)
class Cake:
    id: str
    flavour: Flavour
    baked_at: datetime
    served_local: datetime
    day: date
    opens: time
    rests: timedelta
    tiers: tuple[Tier, ...]
    allergens: frozenset[str]
    note: str | None = None
    eaten_at: datetime | None = None


WALLS = st.datetimes(datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2100-01-01")).map(
    lambda at: at.replace(second=0, microsecond=0)
)
INSTANTS = WALLS.map(lambda at: at.replace(tzinfo=UTC))
CAKES = st.builds(
    Cake,
    id=st.text(),
    flavour=st.sampled_from(Flavour),
    baked_at=INSTANTS,
    served_local=WALLS,
    day=st.dates(),
    opens=st.times().map(lambda wall: wall.replace(second=0, microsecond=0)),
    rests=st.integers(0, 10**6).map(lambda seconds: timedelta(seconds=seconds)),
    tiers=st.lists(st.builds(Tier), max_size=3).map(tuple),
    allergens=st.frozensets(st.text(max_size=3), max_size=3),
    note=st.none() | st.text(),
    eaten_at=st.none() | INSTANTS,
)
A_CAKE = Cake(
    id="cake-1",
    flavour=Flavour.PLUM,
    baked_at=datetime(2026, 3, 8, 7, 0, 0, 123000, tzinfo=UTC),
    served_local=datetime.fromisoformat("2026-03-08T03:30"),
    day=date(2026, 3, 8),
    opens=time(8),
    rests=timedelta(hours=2),
    tiers=(Tier(20, iced=True), Tier(10)),
    allergens=frozenset({"nuts", "milk"}),
)


@given(CAKES)
def test_what_is_stored_comes_back(cake):
    assert from_document(Cake, to_document(cake)) == cake


@given(CAKES)
def test_what_is_told_comes_back(cake):
    assert from_json(Cake, to_json(cake)) == cake


def test_json_tells_instants_in_utc_and_wall_times_without_zone():
    told = to_json(A_CAKE)
    assert told["baked_at"] == "2026-03-08T07:00:00.123Z"
    assert told["served_local"] == "2026-03-08T03:30"
    assert (told["day"], told["opens"], told["rests"]) == ("2026-03-08", "08:00", 7200.0)
    assert told["tiers"] == [{"size": 20, "iced": True}, {"size": 10, "iced": False}]
    assert told["allergens"] == ["milk", "nuts"]
    assert (told["flavour"], told["note"]) == ("plum", None)


def test_documents_keep_instants_native_and_wall_times_as_text():
    stored = to_document(A_CAKE)
    assert stored["baked_at"] is A_CAKE.baked_at
    assert stored["served_local"] == "2026-03-08T03:30"
    assert stored["eaten_at"] is None


def test_an_instant_with_another_offset_is_told_and_read_in_utc():
    in_berlin = datetime(2026, 3, 8, 8, tzinfo=timezone(timedelta(hours=1)))
    assert to_json(Tasted(in_berlin)) == {"at": "2026-03-08T07:00:00.000Z"}
    read = from_json(Tasted, {"at": "2026-03-08T08:00:00+01:00"}).at
    assert (read, read.utcoffset()) == (in_berlin, timedelta())


@dataclass(frozen=True)
class Tasted:
    at: datetime


def test_unknown_fields_are_ignored_when_reading():
    assert from_json(Tier, {"size": 1, "brand_new": True}) == Tier(1)
    assert from_document(Tier, {"size": 1, "_id": "x", "outbox": []}) == Tier(1)


@pytest.mark.parametrize("data", [{}, {"at": "tomorrow"}, {"at": 5}])
def test_a_missing_or_unreadable_field_raises(data):
    with pytest.raises(Exception, match="Tasted"):
        from_json(Tasted, data)
