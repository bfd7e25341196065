"""Personal fields, readable only with the clinic's data key.

Explicit client-side field level encryption of MongoDB (AEAD_AES_256_CBC_HMAC_SHA_512): the server, the broker and the
logs see tokens. Each clinic has one data key, wrapped with the installation's master key; deleting a clinic's data key
makes everything sealed with it unreadable for ever. The wrapped key travels to the other services in an event.
"""

import base64
from typing import Any, Final

import bson
from bson.binary import STANDARD, Binary
from bson.codec_options import CodecOptions
from pymongo.database import Database
from pymongo.encryption import ClientEncryption
from pymongo.encryption_shared import Algorithm
from pymongo.errors import DuplicateKeyError, EncryptionError, PyMongoError

from shared.errors import TransientFailure
from shared.persistence.fingerprints import Fingerprints

DATA_KEYS: Final = "data_keys"
MASTER_KEY_BYTES: Final = 96
PREFIX: Final = "sealed:"
_OPTIONS: Final = CodecOptions[dict[str, Any]](tz_aware=True, uuid_representation=STANDARD)


class KeyMissing(TransientFailure):
    """The clinic's data key is not here, or not yet."""


class Sealer:
    """Seals and unseals text for one service's database; `fingerprints` for what must be found and never read.

    Raises `KeyMissing` while the clinic's key has not been heard of yet, `TransientFailure` without the database.
    """

    def __init__(self, database: Database[dict[str, Any]], master_key: bytes) -> None:
        if len(master_key) != MASTER_KEY_BYTES:
            raise ValueError(f"the master key must have {MASTER_KEY_BYTES} bytes, this one has {len(master_key)}")
        self._keys = database[DATA_KEYS]
        self.fingerprints = Fingerprints(master_key)
        self._cipher: ClientEncryption[dict[str, Any]] = ClientEncryption(
            {"local": {"key": master_key}}, f"{database.name}.{DATA_KEYS}", database.client, _OPTIONS
        )

    def create_key(self, clinic_id: str) -> str:
        """Make the clinic's data key, if it has none yet, and give it wrapped."""
        try:
            self._cipher.create_data_key("local", key_alt_names=[clinic_id])
        except (DuplicateKeyError, EncryptionError):
            if self._keys.find_one({"keyAltNames": clinic_id}) is None:
                raise
        return base64.b64encode(
            bson.encode(self._keys.find_one({"keyAltNames": clinic_id}) or {}, codec_options=_OPTIONS)
        ).decode()

    def adopt_key(self, wrapped: str) -> None:
        """Keep a data key that another service made. Adopting it again changes nothing."""
        key = bson.decode(base64.b64decode(wrapped), codec_options=_OPTIONS)
        self._keys.replace_one({"_id": key["_id"]}, dict(key), upsert=True)

    def has_key(self, clinic_id: str) -> bool:
        """Whether the clinic's data key is here."""
        try:
            return self._keys.find_one({"keyAltNames": clinic_id}, {"_id": 1}) is not None
        except PyMongoError as error:
            raise TransientFailure(f"the database does not answer: {error}") from error

    def seal(self, clinic_id: str, text: str) -> str:
        """The token that hides `text`; another one each time."""
        return self._encrypt(clinic_id, text, Algorithm.AEAD_AES_256_CBC_HMAC_SHA_512_Random)

    def seal_searchable(self, clinic_id: str, text: str) -> str:
        """The token that hides `text`; always the same one within a clinic, so that it can be looked up."""
        return self._encrypt(clinic_id, text, Algorithm.AEAD_AES_256_CBC_HMAC_SHA_512_Deterministic)

    def unseal(self, token: str) -> str:
        """The text behind a token."""
        sealed = Binary(base64.b64decode(token.removeprefix(PREFIX)), 6)
        try:
            return str(self._cipher.decrypt(sealed))
        except EncryptionError as error:
            raise _failure(error) from error

    def _encrypt(self, clinic_id: str, text: str, algorithm: str) -> str:
        try:
            sealed = self._cipher.encrypt(text, algorithm, key_alt_name=clinic_id)
        except EncryptionError as error:
            raise _failure(error) from error
        return PREFIX + base64.b64encode(sealed).decode()


def _failure(error: EncryptionError) -> TransientFailure:
    if isinstance(error.cause, PyMongoError):
        return TransientFailure(f"the database does not answer: {error}")
    return KeyMissing("the clinic's data key is not here (yet)")
