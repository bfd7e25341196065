"""What booking keeps of a patient, and what becomes of it when the patient is erased.

Not in it: `exposures` (dates under a person's token, shared with other clinics; erasing takes this patient's out).
"""

from services.booking.store.audit import AUDIT
from services.booking.store.clearance import CLEARANCES
from services.booking.store.consent import CONSENTS
from services.booking.store.offer import OFFERS
from services.booking.store.series import SERIES
from services.booking.store.task import TASKS
from services.booking.store.treatment import TREATMENTS
from shared.personal_data.records import Kept

KEPT: tuple[Kept, ...] = (
    Kept("patients", by="_id"),
    Kept(CLEARANCES, by="_id"),
    Kept("assessments"),
    Kept(CONSENTS),
    Kept("dose_orders"),
    Kept("signals"),
    Kept(SERIES, plain={"link_digest": None}),
    Kept(TREATMENTS),
    Kept(TASKS),
    Kept("waitlist"),
    Kept(OFFERS),
    Kept("education_receipts", by="_id"),
    Kept(AUDIT, by="act.patient_id", traced=True),
)
