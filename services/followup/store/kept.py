"""What followup keeps of a patient, and what becomes of it when they are erased: the copy of who they are goes."""

from services.followup.store.alert import COLLECTION as ALERTS
from services.followup.store.check_in import COLLECTION as CHECK_INS
from shared.personal_data.records import Kept

KEPT: tuple[Kept, ...] = (
    Kept("patients", by="_id", goes=True),
    Kept("known_series", by="_id"),
    Kept(CHECK_INS, plain={"token_digest": ""}),
    Kept(ALERTS),
)
