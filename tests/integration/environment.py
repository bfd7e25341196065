import base64
import secrets
from pathlib import Path

from shared.ids import new_id


def an_environment(mongo_url: str, tmp_path: Path) -> dict[str, str]:
    """Settings of a service in a namespace of its own, with a clock that the test moves, and no broker."""
    return {
        "KADENCE_ENV": "development",
        "KADENCE_NAMESPACE": f"t{new_id().replace('-', '')[6:26]}",
        "KADENCE_MONGO_URL": mongo_url,
        "KADENCE_KAFKA_BOOTSTRAP": "unused:9092",
        "KADENCE_KEY": base64.b64encode(secrets.token_bytes(96)).decode(),
        "KADENCE_PLATFORM_KEY": "operator",
        "KADENCE_CLOCK": "simulated",
        "KADENCE_CLOCK_PATH": str(tmp_path / "clock"),
        "KADENCE_LOG_LEVEL": "error",
    }
