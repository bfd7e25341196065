"""What waits in one service, as its table of counts names it: how much of each, and of whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pymongo.database import Database

from shared.clock import Clock
from shared.errors import NotFound
from shared.persistence.counting import Count, count_all

MOST_CLINICS: Final = 100


@dataclass(frozen=True)
class Waiting:
    """Counts what waits at this moment, of all clinics. Raises what the database raises."""

    database: Database[dict[str, Any]]
    counts: Sequence[Count]
    clock: Clock

    def counted(self) -> Mapping[str, int]:
        """How many there are of each count, by its name."""
        return count_all(self.database, self.counts, self.clock())

    def by_clinic(self, name: str) -> Mapping[str, int]:
        """How many of one count each clinic has, by its id: at most a hundred clinics, those with most first.

        Raises `NotFound` when no count of this service is called `name`.
        """
        count = next((count for count in self.counts if count.name == name), None)
        if count is None:
            raise NotFound("count")
        rows = self.database[count.collection].aggregate(
            [
                {"$match": count.which(self.clock())},
                {"$group": {"_id": "$clinic_id", "many": {"$sum": 1}}},
                {"$sort": {"many": -1, "_id": 1}},
                {"$limit": MOST_CLINICS},
            ]
        )
        return {row["_id"]: row["many"] for row in rows}
