"""SMS into a collection instead of the air: for demonstrations and tests.

It behaves like a provider with idempotency keys: the message's id is the key, a second call with it has no effect.
"""

from typing import Any, Final

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, PyMongoError

from services.notify.domain.message import Letter
from services.notify.operations.ports import Accepted, UnknownOutcome
from shared.clock import Clock
from shared.persistence.sealed import Sealer

COLLECTION: Final = "sandbox_messages"


class SandboxChannel:
    """Keeps letters, number and text sealed, in `sandbox_messages`."""

    repeatable = True
    answered = True

    def __init__(self, database: Database[dict[str, Any]], sealer: Sealer, clock: Clock) -> None:
        self._collection = database[COLLECTION]
        self._sealer = sealer
        self._clock = clock

    def send(self, letter: Letter) -> Accepted:
        """Raises `UnknownOutcome` when the database does not answer."""
        document = {
            "_id": letter.message_id,
            "clinic_id": letter.clinic_id,
            "sender": letter.sender,
            "to": self._sealer.seal(letter.clinic_id, letter.to),
            "text": self._sealer.seal(letter.clinic_id, letter.text),
            "at": self._clock(),
        }
        try:
            self._collection.insert_one(document)
        except DuplicateKeyError:
            return Accepted(f"sandbox-{letter.message_id}")
        except PyMongoError as error:
            raise UnknownOutcome("sandbox-no-answer") from error
        return Accepted(f"sandbox-{letter.message_id}")
