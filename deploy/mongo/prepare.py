"""python -m deploy.mongo.prepare mongo:27017,…: the replica set and its users, made or corrected at every start.

It speaks as the members of the replica set speak with each other, by their key file: so there is no administrator whose
password could be lost or guessed.
"""

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import stamina
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import OperationFailure, PyMongoError

from deploy import SERVICES
from deploy.secret_files import secret

REPLICA_SET: Final = "rs0"
ROLES: Final[Mapping[str, Mapping[str, str]]] = {
    **{service: {service: "readWrite"} for service in SERVICES},
    "backup": dict.fromkeys(SERVICES, "read"),
    "restore": dict.fromkeys(SERVICES, "readWrite"),
}
"""By user: what they may do in whose database."""
# A primary that dies is replaced in 4 s instead of 11.
SETTINGS: Final = {"electionTimeoutMillis": 3000}
WITHIN_SECONDS: Final = 90
_NOT_INITIATED: Final = 94
Admin: TypeAlias = Database[dict[str, Any]]


def main() -> None:
    """Raises PyMongoError when the members cannot be brought together."""
    hosts = sys.argv[1].split(",")
    # Members start when they start, and a set needs its time to elect.
    for attempt in stamina.retry_context(on=PyMongoError, timeout=WITHIN_SECONDS, attempts=None, wait_max=1.0):
        with attempt:
            _prepare(hosts)


def _prepare(hosts: Sequence[str]) -> None:
    with _client(hosts[0], directConnection=True) as first:
        current = _config(first.admin)
        if current is None:
            first.admin.command("replSetInitiate", config_of(hosts))
    with _client(",".join(hosts), replicaSet=REPLICA_SET) as members:
        for config in additions(_config(members.admin) or {}, hosts):
            members.admin.command("replSetReconfig", config)
        for user in ROLES:
            _keep_user(members.admin, user)


def config_of(hosts: Sequence[str]) -> dict[str, Any]:
    """The replica set of these members."""
    members = [{"_id": number, "host": host} for number, host in enumerate(hosts)]
    return {"_id": REPLICA_SET, "members": members, "settings": SETTINGS}


def additions(config: Mapping[str, Any], hosts: Sequence[str]) -> list[dict[str, Any]]:
    """The configurations that lead from `config` to one with all `hosts`: a set takes one new member at a time."""
    steps: list[dict[str, Any]] = []
    current = dict(config)
    for host in hosts:
        if host not in {member["host"] for member in current["members"]}:
            number = max(member["_id"] for member in current["members"]) + 1
            members = [*current["members"], {"_id": number, "host": host}]
            current = {**current, "version": current["version"] + 1, "members": members}
            steps.append(current)
    return steps


def _client(hosts: str, **options: Any) -> MongoClient[dict[str, Any]]:
    return MongoClient(
        f"mongodb://{hosts}/",
        username="__system",
        password=secret("mongo_keyfile"),
        authSource="local",
        serverSelectionTimeoutMS=5000,
        **options,
    )


def _config(admin: Admin) -> dict[str, Any] | None:
    try:
        config: dict[str, Any] = admin.command("replSetGetConfig")["config"]
    except OperationFailure as failure:
        if failure.code == _NOT_INITIATED:
            return None
        raise
    return config


def _keep_user(admin: Admin, user: str) -> None:
    """With the password and the roles that it has from now on."""
    there = admin.command("usersInfo", user)["users"]
    roles = [{"role": role, "db": f"kadence_{service}"} for service, role in ROLES[user].items()]
    admin.command("updateUser" if there else "createUser", user, pwd=secret(f"mongo_{user}_password"), roles=roles)


if __name__ == "__main__":
    main()
