"""`python -m services.booking web | worker | indexes`."""

from services.booking import wiring
from services.booking.settings import Settings
from shared.main import main

if __name__ == "__main__":
    main("booking", Settings, {"web": wiring.web, "worker": wiring.worker, "indexes": wiring.indexes})
