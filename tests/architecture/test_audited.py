"""What people may do to what a patient gets is audited, whichever route they take."""

from collections.abc import Callable
from typing import Any

from services.booking.api.routes import ROUTES
from tests.architecture.checks import audited as check

SOMETIMES = {
    "book_series",
    "hold_series",
    "move_session",
    "move_sessions",
    "rebook_session",
    "resume_series",
    "shift_series",
}
"""Placing is told in events; when a clinician sets a rule aside for it, that is audited."""
PLACES = "a place in the calendar: the series keeps it, an event tells it; nothing says who may be treated or how"
DESK = "the desk's own work: the record keeps who and when"
EXEMPT = {
    "register_patient": "the record begins; every change of it is audited",
    "add_feed": "a calendar without names",
    "revoke_feed": "a calendar without names",
    "accept_offer": PLACES,
    "confirm_hold": PLACES,
    "confirm_session": PLACES,
    "decline_offer": PLACES,
    "join_waitlist": PLACES,
    "mark_missed": PLACES,
    "release_hold": PLACES,
    "withdraw_entry": PLACES,
    "cancel_task": DESK,
    "complete_task": DESK,
}
"""Operations that need no entry, and why."""


def test_every_operation_that_changes_what_a_patient_gets_is_audited():
    acting = [route.operation for route in ROUTES if route.acts or route.changes]
    assert check.audit_faults(acting, SOMETIMES, EXEMPT) == []


# --- negative proofs ------------------------------------------------------------------------------------------------


def audited(_action: str, **_options: Any) -> Callable[[Any], Any]:
    return lambda operation: operation


@audited("cake.bake")
def bake(_: Any, __: Any) -> None: ...


@audited("cake.bake")
def bake_again(_: Any, __: Any) -> None: ...


@audited("Cake Sold", when=bool)
def sell(_: Any, __: Any) -> None: ...


def eat(_: Any, __: Any) -> None: ...


def test_what_is_noted_is_found_in_the_source():
    assert check.noted_as(bake) == check.Noted("cake.bake", sometimes=False)
    assert check.noted_as(sell) == check.Noted("Cake Sold", sometimes=True)
    assert check.noted_as(eat) is None


def test_what_is_not_audited_is_found():
    assert check.audit_faults([bake, eat], (), {}) == ["eat is not audited"]
    assert check.audit_faults([bake, eat], (), {"eat": "nobody minds"}) == []


def test_wrong_excuses_are_found():
    assert check.audit_faults([bake], (), {"bake": "quick", "brew": "hot"}) == [
        "bake is audited and exempt",
        "brew is exempt and not there",
    ]
    assert check.audit_faults([bake], ["bake"], {}) == ["bake is audited at other times"]


def test_names_that_say_nothing_are_found():
    assert check.audit_faults([sell], ["sell"], {}) == ["Cake Sold is not <noun>.<verb>"]
    assert check.audit_faults([sell], (), {}) == ["sell is audited at other times", "Cake Sold is not <noun>.<verb>"]
    assert check.audit_faults([bake, bake_again], (), {}) == ["cake.bake is the name of two actions"]
