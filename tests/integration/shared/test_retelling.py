"""What one service told is carried to one that hears it, past the broker, on real databases."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.envelope import Envelope
from shared.errors import Invalid, PoisonMessage
from shared.messaging.outbox import Outbox
from shared.process.retelling import HearAgain, HearAgainRequest, Retelling, ShowTold, ToldAnswer
from tests.integration.shared.bakery import LAYERED, Bakery, Shop

SINCE, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def validate(event: Envelope) -> None:
    if event.type != LAYERED:
        raise PoisonMessage(f"no contract for {event.type}")


@pytest.fixture
def teller(bakery: Bakery, shop: Shop) -> Retelling:
    return Retelling(Outbox(bakery.database, ["cakes"]), shop.inbox, set(), validate)


@pytest.fixture
def hearer(shop: Shop) -> Retelling:
    return Retelling(Outbox(shop.database, []), shop.inbox, {"bakery"}, validate)


def pages(teller: Retelling, clinic_id: str | None = None) -> Iterator[list[dict[str, Any]]]:
    """As the operator's program walks them: what was shown, as JSON."""
    since = SINCE
    while since:
        page = teller.show_told(None, ShowTold(since, UNTIL, clinic_id))
        yield ToldAnswer().dump(page)["items"]
        since = page["more_since"]


def carried(hearer: Retelling, events: list[dict[str, Any]]) -> dict[str, int]:
    command = HearAgain(**HearAgainRequest().load({"events": events}))
    return dict(hearer.hear_again(None, command)["outcomes"])


def baked(bakery: Bakery, teller: Retelling, **cakes: int) -> None:
    for cake, layers in cakes.items():
        bakery.bake(cake, layers=layers)
    teller.outbox.collect()


def test_who_missed_something_hears_it_and_nothing_twice(
    bakery: Bakery, shop: Shop, teller: Retelling, hearer: Retelling
) -> None:
    baked(bakery, teller, a=2, b=1)
    (early,) = pages(teller)
    assert carried(hearer, early) == {"applied": 3}
    baked(bakery, teller, a=1)
    (again,) = pages(teller)
    assert carried(hearer, again) == {"duplicate": 3, "applied": 1}
    assert shop.shelf() == {"cake/a": [1, 2, 3], "cake/b": [1]}


def test_pages_leave_nothing_out_and_tear_no_instant_apart(
    bakery: Bakery, shop: Shop, teller: Retelling, hearer: Retelling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.process.retelling.PAGE", 4)
    baked(bakery, teller, a=5, b=5, c=5)
    for number, row in enumerate(bakery.database["events"].find(sort=[("aggregate", 1), ("seq", 1)])):
        at = SINCE + timedelta(hours=number // 6)
        bakery.database["events"].update_one({"_id": row["_id"]}, {"$set": {"time": at}})
    shown = list(pages(teller))
    assert [len(page) for page in shown] == [6, 6, 3]
    assert [carried(hearer, page) for page in shown] == [{"applied": 6}, {"applied": 6}, {"applied": 3}]
    assert shop.shelf() == {f"cake/{cake}": [1, 2, 3, 4, 5] for cake in "abc"}


def test_one_clinics_are_shown_alone(bakery: Bakery, teller: Retelling) -> None:
    bakery.bake("a")
    bakery.bake("b", clinic_id="clinic-2")
    teller.outbox.collect()
    (mine,) = pages(teller, "clinic-2")
    assert [event["subject"] for event in mine] == ["cake/b"]


def test_what_is_not_heard_here_is_refused_before_anything_is_taken(
    bakery: Bakery, shop: Shop, teller: Retelling, hearer: Retelling
) -> None:
    baked(bakery, teller, a=1)
    ((good,),) = pages(teller)
    with pytest.raises(Invalid) as caught:
        carried(hearer, [good, {**good, "source": "butcher"}, {**good, "type": "cake.eaten.v1"}])
    assert [(fault.pointer, fault.code) for fault in caught.value.faults] == [
        ("/events/1/source", "event.source"),
        ("/events/2/data", "event.contract"),
    ]
    with pytest.raises(Invalid):
        carried(replace(hearer, hears=set()), [good])
    assert shop.shelf() == {}
    assert shop.inbox.drawer.counts() == (0, 0)
