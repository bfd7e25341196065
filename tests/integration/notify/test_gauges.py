"""What the gauges show of notify, on a real database."""

from datetime import timedelta

from prometheus_client import REGISTRY

from services.notify.jobs.measure_paused import measure_paused
from services.notify.operations.policy import PauseMessaging, pause_messaging
from shared.process.upkeep import Gauges
from tests.support.notify_builders import BOOKED_AT


def shown(name: str, work: str) -> float | None:
    return REGISTRY.get_sample_value(name, {"work": work})


def measure(notify) -> None:
    host = notify.host
    Gauges(host.database, host.inbox, host.outbox, host.service.counts, host.clock).measure()
    measure_paused(host)


def test_what_waits_is_shown_with_its_age(notify):
    notify.open("clinic", "2026-03-16 09:00")
    queued = [message for message in notify.messages("clinic") if message.channel == "sms"]
    first = min(message.next_at for message in queued)
    notify.go_to(first + timedelta(seconds=90))
    measure(notify)
    due = [message for message in queued if message.next_at <= first + timedelta(seconds=90)]
    assert shown("kadence_work_items", "messages.due-sms") == len(due) > 0
    assert 89 <= (shown("kadence_work_oldest_seconds", "messages.due-sms") or 0) <= 95
    assert shown("kadence_work_items", "pages.to-call") == 0
    assert shown("kadence_work_oldest_seconds", "pages.to-call") == 0


def test_what_piles_up_while_a_clinic_pauses_is_shown(notify):
    notify.open("clinic", "2026-03-16 09:00")
    notify.open("other", "2026-03-16 09:00")
    notify.run("clinic", pause_messaging, PauseMessaging("flood"))
    notify.go_to(BOOKED_AT + timedelta(hours=5))
    measure(notify)
    due = [message for message in notify.messages("clinic") if message.due_at <= BOOKED_AT + timedelta(hours=5)]
    assert shown("kadence_work_items", "messages.paused") == len(due) > 0
    assert shown("kadence_work_items", "clinics.paused") == 1
    assert (shown("kadence_work_oldest_seconds", "clinics.paused") or 0) > 4.9 * 3600
