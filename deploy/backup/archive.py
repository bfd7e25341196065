"""A backup as a folder: one file of gzipped BSON documents for each collection, and a manifest that vouches for them.

The manifest holds the SHA-256 of every file and is itself sealed with a key that is derived from the master key: a
restore notices damage, changes by somebody else, and a master key that would not open the copied fields.
"""

import gzip
import hashlib
import hmac
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final, cast

import bson
import click
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from shared.persistence.fingerprints import Fingerprints

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
_SEAL: Final = "manifest.seal"
_COMPRESSION: Final = 1
"""gzip's fastest: a copy has to be done while the database still knows the moment that it is a copy of."""
_RAW: Final[CodecOptions[RawBSONDocument]] = CodecOptions(document_class=RawBSONDocument)


class BackupFault(click.ClickException):
    """Nothing was done, or not all of it; the text says what is wrong and what mends it."""


@dataclass(frozen=True)
class Part:
    """One collection: how many documents, how many bytes of BSON, and the SHA-256 of its file."""

    service: str
    collection: str
    documents: int
    bytes: int
    sha256: str

    @property
    def file(self) -> Path:
        """Its place in the folder."""
        return part_file(self.service, self.collection)


@dataclass(frozen=True)
class Manifest:
    """What a backup holds. `cut_at`: the moment of the database's clock that all of it is a copy of, aware, UTC."""

    cut_at: datetime
    parts: tuple[Part, ...]
    format: int = FORMAT

    @property
    def documents(self) -> int:
        return sum(part.documents for part in self.parts)

    @property
    def bytes(self) -> int:
        return sum(part.bytes for part in self.parts)


def part_file(service: str, collection: str) -> Path:
    """Where a collection stands in the folder."""
    return Path(service) / f"{collection}.bson.gz"


def write_documents(file: Path, batches: Iterable[bytes]) -> tuple[int, int]:
    """Write batches of BSON documents; how many documents and bytes they were."""
    documents = size = 0
    with _private(file) as raw, gzip.open(raw, "wb", compresslevel=_COMPRESSION) as writing:
        for batch in batches:
            writing.write(batch)
            documents += _count(batch)
            size += len(batch)
    return documents, size


def read_documents(file: Path) -> Iterator[RawBSONDocument]:
    """The documents of a part, one by one, as they were."""
    with gzip.open(file, "rb") as reading:
        yield from bson.decode_file_iter(cast("IO[bytes]", reading), _RAW)


def digest_of(file: Path) -> str:
    """SHA-256 of a file that is by then safely on disk."""
    with file.open("rb") as reading:
        os.fsync(reading.fileno())
        return hashlib.file_digest(reading, "sha256").hexdigest()


def write_manifest(folder: Path, manifest: Manifest, keys: Fingerprints) -> None:
    """Vouch for what stands in the folder."""
    text = json.dumps(asdict(manifest), indent=1, default=datetime.isoformat)
    for name, content in ((MANIFEST, text), (_SEAL, _seal(keys, text))):
        with _private(folder / name) as writing:
            writing.write(content.encode())


def checked(folder: Path, keys: Fingerprints) -> Manifest:
    """The manifest of a backup that is whole and unchanged. Raises `BackupFault` that names all that is not."""
    try:
        text, seal = (folder / MANIFEST).read_text(), (folder / _SEAL).read_text()
    except FileNotFoundError as error:
        raise BackupFault(f"{folder} is no finished backup, name another one: {error.filename} is missing") from error
    if not hmac.compare_digest(_seal(keys, text), seal):
        raise BackupFault(
            f"{folder / MANIFEST} was changed, or KADENCE_KEY is not the master key of that installation: its fields "
            "could not be opened. Give the key that was kept for it."
        )
    manifest = _manifest(json.loads(text))
    if faults := [f"{part.file}: {fault}" for part in manifest.parts if (fault := _damage(folder, part))]:
        raise BackupFault("\n  ".join([f"{folder} is damaged, take another backup:", *faults]))
    return manifest


def _manifest(found: dict[str, Any]) -> Manifest:
    if found["format"] != FORMAT:
        has = f"this one has {found['format']}: restore it by the image that took it"
        raise BackupFault(f"This program reads backups of format {FORMAT}, {has}")
    return Manifest(datetime.fromisoformat(found["cut_at"]), tuple(Part(**part) for part in found["parts"]))


def _damage(folder: Path, part: Part) -> str:
    file = folder / part.file
    if not file.is_file():
        return "missing"
    return "" if digest_of(file) == part.sha256 else "not what was written"


def _private(file: Path) -> IO[bytes]:
    """The file, opened for writing; nobody but its owner may ever read it."""
    return os.fdopen(os.open(file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb")


def _seal(keys: Fingerprints, text: str) -> str:
    return keys.of("backup", text)


def _count(batch: bytes) -> int:
    """How many documents stand one behind the other; each begins with its length."""
    count = place = 0
    while place < len(batch):
        place += int.from_bytes(batch[place : place + 4], "little")
        count += 1
    return count
