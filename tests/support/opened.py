"""Everything that stands in a database, opened: what somebody with the keys could read."""

from collections.abc import Iterator
from typing import Any

from pymongo.database import Database

from shared.persistence.sealed import PREFIX, Sealer


def readable(database: Database[dict[str, Any]], sealer: Sealer, *, but: frozenset[str] = frozenset()) -> str:
    """All texts of all collections `but` some, sealed ones opened, one a line."""
    names = sorted(set(database.list_collection_names()) - but - {"data_keys"})
    texts = (text for name in names for document in database[name].find() for text in _texts(document))
    return "\n".join(sealer.unseal(text) if text.startswith(PREFIX) else text for text in texts)


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for one in value.values():
                yield from _texts(one)
        case list():
            for one in value:
                yield from _texts(one)
