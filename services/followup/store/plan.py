"""Plans of follow-up at rest."""

from functools import partial

from services.followup.domain.plan import Plan
from services.followup.store.editions import Editions, edition_from
from shared.converters import to_document
from shared.persistence.documents import Documents
from shared.persistence.unit_of_work import Unit


class PlanStore(Editions[Plan]):
    """Editions in the collection `plans`."""

    def __init__(self, unit: Unit) -> None:
        read = partial(edition_from, Plan)
        documents = Documents[Plan](unit, "plans", kind="plan", to_document=to_document, from_document=read)
        super().__init__(documents, clinic_id=unit.clinic_id, kind="plan")
