"""Apache Kafka's own jars, fetched once by Maven into the user's cache."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.environment import cache_folder
from deploy.local.faults import LocalFault
from deploy.local.processes import Process

POM = Path(__file__).parent / "pom.xml"
VERSION = "4.1.0"
_WITHIN = 600.0


def kafka_jars(say: Callable[[str], None] = print) -> Path:
    """The folder with the jars. The first call on a machine fetches them (about 45 MB); several may call at once."""
    jars = cache_folder(f"kafka-{VERSION}")
    if not jars.is_dir():
        jars.parent.mkdir(parents=True, exist_ok=True)
        # One at a time: Maven's own repository does not bear two writers.
        with _alone(jars.with_name(f"{jars.name}.lock")):
            if not jars.is_dir():
                say(f"Fetching Apache Kafka {VERSION} by Maven, once for this user.")
                _fetch(jars)
    return jars


def _fetch(jars: Path) -> None:
    fresh = jars.with_name(f"{jars.name}.fresh")
    shutil.rmtree(fresh, ignore_errors=True)
    command = ["mvn", "-q", "-B", "dependency:copy-dependencies", "-f", str(POM), f"-DoutputDirectory={fresh}"]
    # Run somewhere else than in the checkout: a project's own .mvn folder must not take part.
    maven = Process("maven", command, log=jars.with_name(f"{jars.name}.log"), cwd=jars.parent)
    try:
        maven.run_to_end(_WITHIN)
    except LocalFault as fault:
        raise _failed(f"{fault.message}, see {maven.log}\n{fault.log}") from None
    if not list(fresh.glob("kafka_2.13-*.jar")):
        raise _failed("no Kafka among what was fetched")
    # Whoever sees the folder sees all of it.
    fresh.rename(jars)


def _failed(why: str) -> LocalFault:
    return LocalFault(
        f"fetching Apache Kafka {VERSION} by Maven failed",
        "check that Maven reaches its repository, or set KADENCE_LOCAL_KAFKA=tansu",
        why,
    )


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    descriptor = os.open(lock, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
