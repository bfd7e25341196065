"""Lists in the order of an instant, page by page: where one ends, and what lies behind that place."""

from datetime import datetime

from shared.persistence.unit_of_work import Document


def place_of(at: datetime, id: str) -> str:
    """The place of a document in the order of its instant; the id tells those of one instant apart."""
    return f"{at.isoformat()} {id}"


def behind(place: str | None, field: str) -> Document:
    """A filter for what lies behind `place` in the order of `field`."""
    if place is None:
        return {}
    text, id = place.split(" ")
    at = datetime.fromisoformat(text)
    return {"$or": [{field: {"$gt": at}}, {field: at, "_id": {"$gt": id}}]}
