"""What must be true after any fault, read from the databases of the three services and from the mail that was caught.

Each check returns what is wrong, in words; all of them look at one clinic, so that tests can share a platform.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from pymongo.database import Database

from deploy.local.mail_catcher import caught
from services.booking.domain.audit.entry import Entry, Head, verify
from services.booking.store.indexes import TELLS as BOOKING_TELLS
from services.followup.store.indexes import TELLS as FOLLOWUP_TELLS
from services.notify.store.indexes import TELLS as NOTIFY_TELLS
from shared import contracts
from shared.converters import from_document
from tests.support.fault_load import Answered, Client

TELLS: Final[Mapping[str, Sequence[str]]] = {
    "booking": BOOKING_TELLS,
    "followup": FOLLOWUP_TELLS,
    "notify": NOTIFY_TELLS,
}
VISIT_STATUS: Final = {
    "booked": "booked",
    "checked-in": "arrived",
    "in-progress": "arrived",
    "fulfilled": "arrived",
    "cancelled": "cancelled",
    "proposed": "paused",
    "noshow": "missed",
}
_MEANING: Final = ("patient_id", "about", "kind", "offset", "revision", "channel")
_LIVE: Final = {"pending", "booked", "checked-in", "in-progress", "fulfilled"}
_UNTOLD: Final = {"held", "lapsed"}
"""A hold is nobody's business but booking's."""


@dataclass(frozen=True)
class Evidence:
    """Where one clinic's traces are."""

    databases: Mapping[str, Database[dict[str, Any]]]
    clinic_id: str
    mail_folder: Path

    def rows(self, service: str, collection: str, **filter: Any) -> list[dict[str, Any]]:
        """The clinic's documents."""
        return list(self.databases[service][collection].find({"clinic_id": self.clinic_id, **filter}))


# --- not there yet --------------------------------------------------------------------------------------------------


def unfinished(evidence: Evidence, now: datetime) -> list[str]:
    """What has still to be done, told, heard or sent; from where work comes to where it ends."""
    return [
        *unopened(evidence, now),
        *unclosed(evidence, now),
        *unpaged(evidence, now),
        *unwatched(evidence, now),
        *untold(evidence),
        *unheard(evidence),
        *set_aside(evidence),
        *unsent(evidence, now),
    ]


def unopened(evidence: Evidence, now: datetime) -> Iterator[str]:
    """No check-in is overdue."""
    for row in evidence.rows("followup", "check_ins", status="scheduled", due_at={"$lte": now}):
        yield f"check-in {row['_id']} was due at {row['due_at']}"


def unclosed(evidence: Evidence, now: datetime) -> Iterator[str]:
    """No check-in that can be answered no more is still open."""
    for row in evidence.rows("followup", "check_ins", status="open", expires_at={"$lte": now}):
        yield f"check-in {row['_id']} expired at {row['expires_at']}"


def unpaged(evidence: Evidence, now: datetime) -> Iterator[str]:
    """No alert waits for the next one to be paged."""
    for row in evidence.rows("followup", "alerts", status="raised", next_step_at={"$lte": now}):
        yield f"alert {row['_id']} wanted a page at {row['next_step_at']}"


def unwatched(evidence: Evidence, now: datetime) -> Iterator[str]:
    """Nobody who was given something waits for a look that is overdue."""
    for row in evidence.rows("booking", "treatments", next_at={"$lte": now}):
        yield f"treatment {row['_id']} wanted a look at {row['next_at']}"


def untold(evidence: Evidence) -> Iterator[str]:
    """The outbox is empty, up to the last event."""
    for service, collections in TELLS.items():
        for event in evidence.rows(service, "events", state={"$ne": "sent"}):
            yield f"{service}: {event['aggregate']} #{event['seq']} is {event['state']}"
        for collection in collections:
            for row in evidence.rows(service, collection, **{"outbox.0": {"$exists": True}}):
                yield f"{service}: {collection} {row['_id']} has not been collected"


def unheard(evidence: Evidence) -> Iterator[str]:
    """Who hears a topic is, for every aggregate, where its teller is."""
    told = {teller: last_told(evidence, teller) for teller in TELLS}
    for hearer in TELLS:
        tellers = {topic.told_by for topic in contracts.topics() if topic.name in contracts.heard_by(hearer)}
        wanted = {aggregate: seq for teller in tellers for aggregate, seq in told[teller].items()}
        heard = {row["_id"]: row["seq"] for row in evidence.rows(hearer, "heard")}
        for aggregate in wanted.keys() | heard.keys():
            if wanted.get(aggregate) != heard.get(aggregate):
                yield f"{hearer}: {aggregate} told {wanted.get(aggregate)}, heard {heard.get(aggregate)}"


def last_told(evidence: Evidence, service: str) -> dict[str, int]:
    """The number of each aggregate's last event."""
    last: dict[str, int] = defaultdict(int)
    for event in evidence.rows(service, "events"):
        last[event["aggregate"]] = max(last[event["aggregate"]], event["seq"])
    return last


def set_aside(evidence: Evidence) -> Iterator[str]:
    """Nothing waits for a predecessor or a mend, nothing could not be read."""
    for service, where in evidence.databases.items():
        yield from (f"{service} holds {row['_id']}: {row['error']}" for row in evidence.rows(service, "held"))
        yield from (f"{service} could not read {row['position']}: {row['error']}" for row in where["poison"].find())


def unsent(evidence: Evidence, now: datetime) -> Iterator[str]:
    """No message is overdue, or in the hands of a worker that died."""
    waiting = {"$or": [{"status": "sending"}, {"status": "queued", "next_at": {"$lte": now}}]}
    for row in evidence.rows("notify", "messages", **waiting):
        yield f"{row['kind']} {row['_id']} is {row['status']}"


# --- never ----------------------------------------------------------------------------------------------------------


def wrongs(evidence: Evidence) -> list[str]:
    """What no fault may lead to."""
    checks = (gaps, misplaced_visits, strangers, check_ins_amiss, said_twice, overlaps, broken_audit)
    return [fault for check in checks for fault in check(evidence)]


def gaps(evidence: Evidence) -> Iterator[str]:
    """The events of each aggregate are numbered 1, 2, 3 … up to what the aggregate itself says it told."""
    for service, collections in TELLS.items():
        least = {row["_id"]: row["told"] - len(row["outbox"]) for row in _tellers(evidence, service, collections)}
        seqs: dict[str, list[int]] = defaultdict(list)
        for event in evidence.rows(service, "events"):
            seqs[event["aggregate"].rpartition("/")[2]].append(event["seq"])
        most = {row["_id"]: row["told"] for row in _tellers(evidence, service, collections)}
        for id in least.keys() | seqs.keys():
            numbers = sorted(seqs[id])
            whole = numbers == list(range(1, len(numbers) + 1))
            if not (whole and least.get(id, 0) <= len(numbers) <= most.get(id, 0)):
                yield f"{service}: {id} has told {most.get(id, 0)} events, kept are {numbers}"


def _tellers(evidence: Evidence, service: str, collections: Iterable[str]) -> list[dict[str, Any]]:
    return [row for collection in collections for row in evidence.rows(service, collection)]


def misplaced_visits(evidence: Evidence) -> Iterator[str]:
    """Notify expects every patient exactly when booking does, and changed its mind as often as booking told it to."""
    told = _told_of_sessions(evidence)
    wanted = {
        id: (
            *(session["starts_at"], session["starts_local"], session["revision"]),
            VISIT_STATUS[session["status"]],
            1 + len(told[id]),
        )
        for series in evidence.rows("booking", "series", status={"$nin": list(_UNTOLD)})
        for session in series["sessions"]
        for id in [f"series/{series['_id']}/sessions/{session['number']}"]
    }
    found = {
        visit["_id"]: tuple(visit[name] for name in ("starts_at", "starts_local", "revision", "status", "version"))
        for visit in evidence.rows("notify", "visits")
    }
    for id in wanted.keys() | found.keys():
        if wanted.get(id) != found.get(id):
            yield f"{id}: booking says {wanted.get(id)} after {told[id]}, notify {found.get(id)}"


def _told_of_sessions(evidence: Evidence) -> dict[str, list[str]]:
    """What booking told of each session, in order."""
    told: dict[str, list[str]] = defaultdict(list)
    for event in sorted(evidence.rows("booking", "events"), key=lambda event: event["seq"]):
        if event["type"].startswith("session."):
            told[f"{event['subject']}/sessions/{event['data']['number']}"].append(event["type"])
    return told


def strangers(evidence: Evidence) -> Iterator[str]:
    """Everybody knows the same patients."""
    wanted = _ids(evidence.rows("booking", "patients"))
    for service, collection in (("notify", "recipients"), ("followup", "patients")):
        if differing := wanted ^ _ids(evidence.rows(service, collection)):
            yield f"{service} and booking differ in patients {sorted(differing)}"


def check_ins_amiss(evidence: Evidence) -> Iterator[str]:
    """Followup knows of each session that took place, and asks of none twice how the day after was."""
    took_place = Counter(
        (series["_id"], session["number"])
        for series in evidence.rows("booking", "series")
        for session in series["sessions"]
        if session["status"] == "fulfilled"
    )
    known = Counter(
        (course["id"], visit["number"])
        for row in evidence.rows("followup", "known_series")
        for course in row["courses"]
        for visit in course["visits"]
        if visit["discharged_at"]
    )
    if took_place != known:
        yield f"followup knows too few {took_place - known}, too many {known - took_place}"
    # One that was heard of too late is asked about no more: the clock of these tests leaps.
    covers = (
        cover.partition("@")[0].split("/")
        for row in evidence.rows("followup", "check_ins", status={"$ne": "unplanned"})
        for cover in row["covers"]
    )
    asked = Counter((series, int(number)) for series, kind, *rest in covers for number in rest if kind == "24h")
    if asked - took_place:
        yield f"check-ins too many {asked - took_place}"


def broken_audit(evidence: Evidence) -> Iterator[str]:
    """Whatever was done stands in one unbroken chain."""
    head = evidence.databases["booking"]["audit_heads"].find_one({"_id": evidence.clinic_id})
    if head is None:
        yield "nothing is in the audit chain"
        return
    rows = sorted(evidence.rows("booking", "audit", seq={"$lte": head["seq"]}), key=lambda row: row["seq"])
    breaks = verify([from_document(Entry, row) for row in rows], from_document(Head, head))
    yield from (f"the audit chain is {one.what} at entry {one.seq}" for one in breaks)


def said_twice(evidence: Evidence) -> Iterator[str]:
    """One row for each meaning, one SMS or mail for each row that was sent, none for any other."""
    earlier = evidence.rows("notify", "messages")
    sms, mail = _ids(evidence.rows("notify", "sandbox_messages")), _mailed(evidence)
    later = evidence.rows("notify", "messages")
    yield from _repeated("ledger", (tuple(row.get(field) for field in _MEANING) for row in later))
    yield from _repeated("mail", mail)
    for channel, went_out in (("sms", sms), ("email", set(mail))):
        if unsent := _reached(earlier, channel, "sent") - went_out:
            yield f"{channel}: said to be sent, but nobody got {sorted(unsent)}"
        if unsaid := went_out - _reached(later, channel, "sending", "sent", "unknown"):
            yield f"{channel}: went out, but the ledger does not say so: {sorted(unsaid)}"


def _reached(rows: Iterable[Mapping[str, Any]], channel: str, *statuses: str) -> set[str]:
    return {row["_id"] for row in rows if row["channel"] == channel and row["status"] in statuses}


def _mailed(evidence: Evidence) -> list[str]:
    """Message ids of the clinic's mails, as often as they came."""
    mine = {row["_id"] for row in evidence.rows("notify", "messages", channel="email")}
    ids = [str(mail.message["Message-ID"]).strip("<>").partition("@")[0] for mail in caught(evidence.mail_folder)]
    return [id for id in ids if id in mine]


def overlaps(evidence: Evidence) -> Iterator[str]:
    """No place of a resource, patients among them, is anywhere twice: a sweep over what sessions claim."""
    claims: dict[tuple[str, int], list[tuple[datetime, datetime, str]]] = defaultdict(list)
    for series in evidence.rows("booking", "series"):
        for session in series["sessions"]:
            for claim in session["claims"] if session["status"] in _LIVE else ():
                whose = f"series {series['_id']} session {session['number']}"
                for place in claim["places"]:
                    claims[claim["resource_id"], place].append((claim["from_at"], claim["until_at"], whose))
    for resource, taken in claims.items():
        for (_, until, one), (begins, _, other) in pairwise(sorted(taken)):
            if begins < until:
                yield f"{resource} is taken twice at {begins}: {one}, {other}"


# --- what was promised ----------------------------------------------------------------------------------------------


def broken_promises(evidence: Evidence, history: Iterable[Answered]) -> list[str]:
    """What was answered with success is there, and nothing else is; each change happened once."""
    done = [answered for answered in history if answered.is_done and answered.method != "GET"]
    return [*_made_differently(evidence, done), *_changed_differently(evidence, done)]


def _made_differently(evidence: Evidence, done: Sequence[Answered]) -> Iterator[str]:
    for collection in ("patients", "series"):
        promised = {answered.content["id"] for answered in done if answered.path.endswith(f"/{collection}")}
        there = _ids(evidence.rows("booking", collection))
        if promised - there:
            yield f"{collection} lost: {sorted(promised - there)}"
        if there - promised:
            yield f"{collection} that nobody was told of: {sorted(there - promised)}"


def _changed_differently(evidence: Evidence, done: Iterable[Answered]) -> Iterator[str]:
    """Each success raised the version by one, and nothing else did."""
    versions: dict[str, list[int]] = defaultdict(list)
    for answered in done:
        if "/series" in answered.path:
            versions[answered.content["id"]].append(answered.content["version"])
    for series in evidence.rows("booking", "series"):
        if sorted(versions[series["_id"]]) != list(range(1, series["version"] + 1)):
            yield f"series {series['_id']} is at {series['version']}, promised were {sorted(versions[series['_id']])}"


def unseemly_answers(history: Iterable[Answered], passing: Iterable[str]) -> list[str]:
    """Final answers that are neither a success nor "taken", and passing ones that are not among `passing`."""
    allowed = set(passing)
    return [
        f"{answered.method} {answered.path}: {answered.before} {answered.status} {answered.content}"
        for answered in history
        if answered.status not in {200, 201, 409} or not allowed.issuperset(answered.before)
    ]


def changed_answers(client: Client, history: Iterable[Answered]) -> list[str]:
    """The same request under the same key has the same answer, word for word."""
    return [
        f"{answered.path} said {answered.status} {answered.content}, then {again.status} {again.content}"
        for answered in history
        if answered.acts
        for again in [client.post(answered.path, answered.body, answered.key)]
        if (again.status, again.content) != (answered.status, answered.content)
    ]


def _ids(rows: Iterable[Mapping[str, Any]]) -> set[str]:
    return {row["_id"] for row in rows}


def _repeated(what: str, keys: Iterable[Any]) -> list[str]:
    return [f"{what}: {key} {count} times" for key, count in Counter(keys).items() if count > 1]
