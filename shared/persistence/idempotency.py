"""`Idempotency-Key`: the same request twice has one effect and one answer (draft-ietf-httpapi-idempotency-key-header).

The answer is stored in the same commit as its effect, so neither can exist without the other. Answers are final ones
only: what was done, or why it was refused; never a failure that may pass. They may hold personal fields, so they rest
sealed.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pymongo.database import Database

from shared.errors import Invalid, RuleBroken
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import Duplicate, Insert

ANSWERS: Final = "answers"
MAX_KEY: Final = 255


class AnsweredMeanwhile(Exception):
    """The same request was answered while this one was at work."""


@dataclass(frozen=True)
class Answer:
    """What was said: HTTP status, JSON body and, for a stored resource, its ETag."""

    status: int
    body: Any
    etag: str = ""


@dataclass(frozen=True)
class Request:
    """What makes two requests the same: clinic, method, path and key; `digest` tells whether they also say the same."""

    id: str
    digest: str


def request_of(clinic_id: str, method: str, path: str, key: str | None, body: Any) -> Request:
    """The identity of a request. Raises `Invalid` without a usable key."""
    if not key or len(key) > MAX_KEY or not key.isprintable():
        raise Invalid(
            "idempotency-key-missing",
            f"Send an Idempotency-Key header (1 to {MAX_KEY} printable characters, new for each new intent), "
            "so that a repeated request has its effect once.",
        )
    try:
        said = json.dumps(body, sort_keys=True, separators=(",", ":"))
    except RecursionError as error:
        raise Invalid("too-deep", "This JSON is nested too deeply.") from error
    return Request(id=_sha256(f"{clinic_id}\n{method}\n{path}\n{key}"), digest=_sha256(said))


class Answers:
    """Answers given, sealed with the clinic's data key."""

    def __init__(self, database: Database[dict[str, Any]], sealer: Sealer) -> None:
        self._answers = database[ANSWERS]
        self._sealer = sealer

    def find(self, request: Request) -> Answer | None:
        """The answer that this request got before. Raises `RuleBroken` when the key was used for something else."""
        stored = self._answers.find_one({"_id": request.id})
        if stored is None:
            return None
        if stored["digest"] != request.digest:
            raise RuleBroken("idempotency-key-reused", "This Idempotency-Key was used for another request.")
        return Answer(stored["status"], json.loads(self._sealer.unseal(stored["body"])), stored["etag"])

    def insert(self, clinic_id: str, request: Request, answer: Answer, at: datetime) -> Insert:
        """The write that keeps an answer; in one commit with the effect."""
        document = {
            "_id": request.id,
            "clinic_id": clinic_id,
            "digest": request.digest,
            "status": answer.status,
            "body": self._sealer.seal(clinic_id, json.dumps(answer.body)),
            "etag": answer.etag,
            "at": at,
        }
        return Insert(ANSWERS, document, _answered_meanwhile)


def _answered_meanwhile(_: Duplicate) -> Exception:
    return AnsweredMeanwhile()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
