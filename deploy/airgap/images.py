"""What the images are made of, under the tags that compose names: Debian packages, a wheel's mongod, Maven's Kafka."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.local.kafka_jars import kafka_jars
from deploy.local.mongo import mongod


@dataclass(frozen=True)
class Root:
    """A Debian system of these packages and what they depend on, as an image."""

    tag: str
    packages: tuple[str, ...]


@dataclass(frozen=True)
class Image:
    """`recipe`: Dockerfile lines on top of the root; `context`: the folder that its COPY reads from."""

    tag: str
    root: Root
    recipe: str
    context: Callable[[], Path]


def _nothing() -> Path:
    return Path(tempfile.mkdtemp(prefix="kadence-images-"))


PYTHON: Final = Root("kadence-airgap/python", ("ca-certificates", "passwd", "python3", "python3-venv"))
SERVERS: Final = Root(
    "kadence-airgap/servers",
    (
        "ca-certificates",
        "libcurl4",
        "libssl3",
        "nginx-light",
        "openjdk-17-jre-headless",
        "passwd",
        "prometheus",
        "wget",
    ),
)
ROOTS: Final = (PYTHON, SERVERS)
# Users and their folders are called as in the images that these stand in for.
IMAGES: Final = (
    Image("python:3.11-slim-bookworm", PYTHON, "RUN ln -s python3 /usr/bin/python", _nothing),
    Image(
        "mongo:8.0",
        SERVERS,
        """\
RUN useradd --system --uid 999 --user-group mongodb && install -d -o mongodb -g mongodb /data/db
COPY mongod /usr/local/bin/""",
        lambda: mongod().parent,
    ),
    Image(
        "apache/kafka:4.1.0",
        SERVERS,
        """\
RUN useradd --uid 1000 --user-group appuser && install -d -o appuser -g appuser /var/lib/kafka/data
COPY . /opt/kafka/libs/""",
        kafka_jars,
    ),
    Image("nginx:1.28-alpine", SERVERS, "RUN useradd --uid 101 --non-unique --user-group nginx", _nothing),
    Image("prom/prometheus:v3.5.0", SERVERS, "RUN install -d -o nobody -g nogroup /prometheus", _nothing),
)
