"""What notify keeps of a patient, and what becomes of it when they are erased: the copy of who they are goes.

An address that others gave, too, stays theirs, and forgets this patient. One that was nobody's but theirs goes. Of one
that has told anything a husk stays, under its fingerprint: it counts on what it tells when somebody gives it again, for
hearers drop a number that they have heard. If its owner has stopped messages, the husk says so: it is stopped still.
"""

from services.notify.channels.sandbox import COLLECTION as SANDBOX
from services.notify.domain.contact_point import ConsentStatus
from services.notify.store.check_in import COLLECTION as CHECK_INS
from services.notify.store.contact_point import COLLECTION as CONTACT_POINTS
from services.notify.store.message import COLLECTION as MESSAGES
from services.notify.store.page import COLLECTION as PAGES
from services.notify.store.reply import COLLECTION as REPLIES
from services.notify.store.visit import COLLECTION as VISITS
from shared.personal_data.records import Kept

_SHARED = {"patients.1": {"$exists": True}}
_STOPPED = {"patients.1": {"$exists": False}, "status": ConsentStatus.OPTED_OUT.value}
_OPEN = {"patients.1": {"$exists": False}, "status": {"$ne": ConsentStatus.OPTED_OUT.value}}
_NOBODYS = {"patients": [], "link_digest": ""}
_AS_NEW = {**_NOBODYS, "status": ConsentStatus.UNKNOWN.value, "history": []}

KEPT: tuple[Kept, ...] = (
    Kept("recipients", by="_id", goes=True),
    Kept(CONTACT_POINTS, by="patients", only=_SHARED, shared=True),
    Kept(CONTACT_POINTS, by="patients", only={**_OPEN, "told": 0}, goes=True),
    Kept(CONTACT_POINTS, by="patients", only={**_OPEN, "told": {"$gt": 0}}, plain=_AS_NEW),
    Kept(CONTACT_POINTS, by="patients", only=_STOPPED, plain=_NOBODYS),
    Kept(MESSAGES, plain={"address": ""}),
    Kept("calls", through=MESSAGES),
    Kept(SANDBOX, through=MESSAGES),
    Kept(REPLIES, plain={"sender": ""}),
    Kept(PAGES),
    Kept(VISITS),
    Kept("series"),
    Kept(CHECK_INS),
    Kept("offers"),
)
