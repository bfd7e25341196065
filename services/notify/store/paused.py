"""What waits only because clinics have paused their messages: when they resume it goes out, or has expired by then."""

from datetime import datetime
from typing import Any

from pymongo.database import Database

from services.notify.domain.message import Status
from services.notify.store.message import COLLECTION as MESSAGES
from services.notify.store.policy import COLLECTION as POLICIES
from shared.persistence.unit_of_work import Document


def paused(_: datetime) -> Document:
    """Filter for the policies of the clinics whose messages rest."""
    return {"is_paused": True}


def held_up(database: Database[dict[str, Any]], now: datetime) -> int:
    """How many messages of these clinics would be due by now."""
    clinics = database[POLICIES].distinct("_id", paused(now))
    waiting = {"clinic_id": {"$in": clinics}, "status": Status.QUEUED.value, "due_at": {"$lte": now}}
    return database[MESSAGES].count_documents(waiting)
