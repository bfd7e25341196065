"""A small bakery: one aggregate, four routes, to try the platform's door on without a server."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from typing import Any, cast

from flask import Flask
from marshmallow import Schema, fields, validate

from shared.errors import Conflict, Fault, RuleBroken, TransientFailure
from shared.http.auth import ACCESS_KEYS, AccessKeys, as_key
from shared.http.cursors import Cursors, PageQuery, page_schema
from shared.http.routes import Door, File, Route
from shared.http.web import create_app
from shared.paging import Page, page_of
from shared.persistence.documents import Documents
from shared.persistence.idempotency import Answers
from shared.persistence.sealed import KeyMissing, Sealer
from shared.persistence.unit_of_work import Cause, Unit, with_data
from shared.persistence.units import Units
from shared.private_link import digest
from tests.support.memory_database import Document, MemoryDatabase

NOW = datetime(2026, 3, 7, 9, tzinfo=UTC)
CLINIC, OTHER_CLINIC = "clinic-1", "clinic-2"
OPERATOR_KEY = "the-operator"
KEY_ID = "01890000-0000-7000-8000-000000000001"
SECRET = "a-secret"


@dataclass(frozen=True)
class Cake:
    id: str
    flavour: str
    tiers: tuple[str, ...] = ()
    version: int = 0


@dataclass(frozen=True)
class BakeCake:
    flavour: str


@dataclass(frozen=True)
class DecorateCake:
    cake_id: str
    version: int
    flavour: str


@dataclass(frozen=True)
class ShowCake:
    cake_id: str


@dataclass(frozen=True)
class ListCakes:
    limit: int
    after: str | None


def bake_cake(uow: Any, command: BakeCake) -> Cake:
    """Raises `RuleBroken` for mud, `TransientFailure` for sponge."""
    if command.flavour == "mud":
        raise RuleBroken("cake.refused", "Not that.", [Fault("cake.mud", "Mud is not eaten.", "/flavour")])
    if command.flavour == "sponge":
        raise TransientFailure("the oven is cold")
    cake: Cake = uow.cakes.save(Cake(uow.new_id(), command.flavour), [{"flavour": command.flavour}])
    return cake


def decorate_cake(uow: Any, command: DecorateCake) -> Cake:
    cake = uow.cakes.get(command.cake_id, command.version)
    decorated: Cake = uow.cakes.save(replace(cake, flavour=command.flavour), [{"flavour": command.flavour}])
    return decorated


def show_cake(uow: Any, command: ShowCake) -> Cake:
    cake: Cake = uow.cakes.get(command.cake_id)
    return cake


def price_cake(_uow: Any, command: BakeCake) -> Cake:
    """What it would be. Raises `RuleBroken` for mud."""
    if command.flavour == "mud":
        raise RuleBroken("cake.refused", "Not that.", [Fault("cake.mud", "Mud is not eaten.", "/flavour")])
    return Cake("none", command.flavour)


def label_cake(uow: Any, command: ShowCake) -> Cake:
    return show_cake(uow, command)


def list_cakes(uow: Any, command: ListCakes) -> Page[Cake]:
    return page_of(uow.cakes.find({"_id": {"$gt": command.after or ""}}, limit=command.limit + 1), command.limit)


class CakeRequest(Schema):
    flavour = fields.String(required=True, validate=validate.Length(1, 20))


class CakeAnswer(Schema):
    id = fields.String(required=True)
    version = fields.Integer(required=True)
    flavour = fields.String(required=True)


STAFF = frozenset({"front_desk"})
BAKE = Route(
    "POST", "/clinics/<clinic_id>/cakes", "Bake", STAFF, BakeCake, bake_cake, CakeAnswer, body=CakeRequest, status=201
)
DECORATE = Route(
    "PATCH",
    "/clinics/<clinic_id>/cakes/<cake_id>",
    "Decorate",
    STAFF,
    DecorateCake,
    decorate_cake,
    CakeAnswer,
    body=CakeRequest,
)
SHOW = Route("GET", "/clinics/<clinic_id>/cakes/<cake_id>", "Show", STAFF, ShowCake, show_cake, CakeAnswer)
LIST = Route(
    "GET",
    "/clinics/<clinic_id>/cakes",
    "List",
    STAFF,
    ListCakes,
    list_cakes,
    page_schema(CakeAnswer),
    query=PageQuery,
)
LABEL = Route(
    "GET",
    "/clinics/<clinic_id>/cakes/<cake_id>/label",
    "Print the label",
    STAFF,
    ShowCake,
    label_cake,
    File("text/plain; charset=utf-8", lambda cake: f"{cake.flavour} cake\n".encode()),
)
PRICE = Route(
    "POST",
    "/clinics/<clinic_id>/cakes/prices",
    "Ask for a price",
    STAFF,
    BakeCake,
    price_cake,
    CakeAnswer,
    body=CakeRequest,
    only_asks=True,
)
ROUTES = (BAKE, DECORATE, SHOW, LIST, LABEL, PRICE)


def cakes_of(unit: Unit, **options: Any) -> Documents[Cake]:
    """The store of cakes."""
    return Documents[Cake](
        unit,
        "cakes",
        kind="cake",
        to_document=lambda cake: {**vars(cake), "tiers": list(cake.tiers)},
        from_document=lambda document: Cake(
            document["id"], document["flavour"], tuple(document.get("tiers", ())), document["version"]
        ),
        **options,
    )


class BakeryUnitOfWork:
    """What the bakery's operations are given."""

    def __init__(self, unit: Unit) -> None:
        self.now = unit.now
        self.new_id = unit.new_id
        self.cakes = cakes_of(unit)


def told(event: Any, envelope: Any) -> Any:
    """An event is its data."""
    return with_data(envelope, "cake.baked.v1", event)


def numbered_ids() -> Callable[[], str]:
    """Ids in order: `id-001`, `id-002`, …"""
    numbers = count(1)
    return lambda: f"id-{next(numbers):03}"


def a_unit(database: MemoryDatabase, clinic_id: str = CLINIC, new_id: Callable[[], str] | None = None) -> Unit:
    """A unit of work for one clinic, at `NOW`."""
    return Unit(
        database.as_database(),
        source="bakery",
        clinic_id=clinic_id,
        now=NOW,
        new_id=new_id or numbered_ids(),
        cause=Cause("correlation", "cause", "trace"),
        tell=told,
    )


class FakeSealer:
    """Seals for clinics that have a key, so that a test can look inside."""

    def __init__(self, *clinics: str) -> None:
        self.clinics = set(clinics)

    def seal(self, clinic_id: str, text: str) -> str:
        if clinic_id not in self.clinics:
            raise KeyMissing("no key")
        return f"sealed:{clinic_id}:{text}"

    def unseal(self, token: str) -> str:
        return token.split(":", 2)[2]


@dataclass
class Bakery:
    """Everything behind one web application, and keys to it."""

    database: MemoryDatabase = field(default_factory=MemoryDatabase)
    sealer: FakeSealer = field(default_factory=lambda: FakeSealer(CLINIC, OTHER_CLINIC))

    def __post_init__(self) -> None:
        self.units = Units(
            self.database.as_database(), source="bakery", clock=lambda: NOW, tell=told, make=BakeryUnitOfWork
        )
        self.issue(KEY_ID, CLINIC)

    def issue(self, key_id: str, clinic_id: str, **changes: Any) -> str:
        """Keep a key; the header that carries it."""
        key = {"_id": key_id, "clinic_id": clinic_id, "digest": digest(SECRET), "scopes": ["front_desk"], **changes}
        self.database[ACCESS_KEYS].documents[key_id] = key
        return f"Bearer {as_key(key_id, SECRET)}"

    def app(self, answers: type[Answers] = Answers) -> Flask:
        """The web application as the platform puts it together; `answers` may be watched ones."""
        database = self.database.as_database()
        door = Door(
            self.units,
            keys=AccessKeys(database, OPERATOR_KEY),
            answers=answers(database, cast("Sealer", self.sealer)),
            cursors=Cursors("key"),
            clock=lambda: NOW,
        )
        return create_app("bakery", "Cakes.", ROUTES, door, checks={})

    def cakes(self) -> list[Document]:
        return self.database.documents("cakes")


def slot_taken(_: Any) -> Exception:
    """A refusal that a store may make of a taken key."""
    return Conflict("cake.taken", "Somebody has this cake already.")
