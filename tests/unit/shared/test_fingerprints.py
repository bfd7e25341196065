import os

from shared.persistence.fingerprints import Fingerprints

KEY = bytes(range(96))


def test_equal_texts_have_equal_fingerprints_and_others_do_not():
    fingerprints = Fingerprints(KEY)
    assert fingerprints.of("person", "ada") == Fingerprints(KEY).of("person", "ada")
    assert fingerprints.of("person", "ada") != fingerprints.of("person", "adb")


def test_purposes_and_installations_have_fingerprints_of_their_own():
    found = {Fingerprints(key).of(purpose, "ada") for key in (KEY, os.urandom(96)) for purpose in ("one", "other")}
    assert len(found) == 4


def test_a_short_fingerprint_is_the_begin_of_the_long_one():
    fingerprints = Fingerprints(KEY)
    assert len(fingerprints.of("person", "ada")) == 43
    assert len(fingerprints.of("person", "ada", length=12)) == 16
    assert fingerprints.of("person", "ada").startswith(fingerprints.of("person", "ada", length=12))


def test_the_derivation_is_the_standard_one():
    """HKDF-SHA-256 without salt, one block, then HMAC-SHA-256: worked out apart from the library that is used."""
    import hmac  # noqa: PLC0415
    from base64 import urlsafe_b64encode  # noqa: PLC0415

    extracted = hmac.digest(bytes(32), KEY, "sha256")
    derived = hmac.digest(extracted, b"fingerprint/person\x01", "sha256")
    expected = urlsafe_b64encode(hmac.digest(derived, b"ada", "sha256")).decode().rstrip("=")
    assert Fingerprints(KEY).of("person", "ada") == expected
