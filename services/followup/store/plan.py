"""Plans of follow-up at rest: one document per edition, named by clinic and edition, so that none can exist twice."""

from dataclasses import replace

from services.followup.domain.plan import Plan, name_of
from shared.converters import from_document, to_document
from shared.documents import Documents
from shared.unit_of_work import Document, Unit


class PlanStore:
    """Editions in the collection `plans`."""

    def __init__(self, unit: Unit) -> None:
        self._prefix = f"{unit.clinic_id}/"
        self._documents = Documents[Plan](
            unit, "plans", kind="plan", to_document=to_document, from_document=self._from_document
        )
        self._saved: dict[int, Plan] = {}

    def get(self, edition: int) -> Plan:
        """That edition, also when it was saved in this unit. Raises `NotFound`."""
        if edition not in self._saved:
            self._saved[edition] = self._documents.get(self._prefix + name_of(edition))
        return self._saved[edition]

    def latest(self) -> Plan | None:
        """The edition in force, if there is any."""
        return next(iter(self._documents.find({}, sort=[("_id", -1)], limit=1)), None)

    def save(self, plan: Plan) -> Plan:
        """Write a new edition."""
        saved = replace(self._documents.save(replace(plan, id=self._prefix + plan.id)), id=plan.id)
        self._saved[plan.edition] = saved
        return saved

    def list(self, *, after: str | None, limit: int) -> list[Plan]:
        """Editions behind `after`, by id."""
        return self._documents.find({"_id": {"$gt": self._prefix + (after or "")}}, limit=limit)

    def _from_document(self, document: Document) -> Plan:
        return from_document(Plan, {**document, "id": document["id"].removeprefix(self._prefix)})
