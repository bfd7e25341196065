"""A set of scopes that has one name is one set, whichever service asks."""

from collections.abc import Iterable, Mapping
from importlib import import_module

from tests.architecture.checks.tables import SERVICES

Sets = Mapping[str, frozenset[str]]


def sets_of(service: str) -> Sets:
    named = vars(import_module(f"services.{service}.api.scopes"))
    return {name: scopes for name, scopes in named.items() if isinstance(scopes, frozenset)}


def faults(services: Iterable[Sets]) -> list[str]:
    """The names that mean two things, and the sets that have two names."""
    pairs = {(name, scopes) for sets in services for name, scopes in sets.items()}
    names, meanings = [name for name, _ in pairs], [scopes for _, scopes in pairs]
    return sorted({name for name, scopes in pairs if names.count(name) > 1 or meanings.count(scopes) > 1})


def test_one_name_is_one_set():
    assert faults(sets_of(service) for service in SERVICES) == []


def test_two_meanings_and_two_names_are_found():
    desk, nurse = frozenset({"front_desk"}), frozenset({"nurse"})
    assert faults([{"DESK": desk}, {"DESK": nurse}]) == ["DESK"]
    assert faults([{"DESK": desk}, {"STAFF": desk}]) == ["DESK", "STAFF"]
    assert faults([{"DESK": desk, "NURSE": nurse}, {"DESK": desk}]) == []
