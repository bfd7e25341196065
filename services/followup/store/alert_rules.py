"""Rules for alerts at rest."""

from functools import partial
from typing import Final

from services.followup.domain.alert_rules import KIND, AlertRules
from services.followup.store.editions import Editions, edition_from
from shared.converters import to_document
from shared.persistence.documents import Documents
from shared.persistence.unit_of_work import Unit

COLLECTION: Final = "alert_rules"


class AlertRulesStore(Editions[AlertRules]):
    """Editions in the collection `alert_rules`."""

    def __init__(self, unit: Unit) -> None:
        read = partial(edition_from, AlertRules)
        documents = Documents[AlertRules](unit, COLLECTION, kind=KIND, to_document=to_document, from_document=read)
        super().__init__(documents, clinic_id=unit.clinic_id, kind=KIND)
