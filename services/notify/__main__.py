"""`python -m services.notify web | worker | indexes`."""

from services.notify import wiring
from services.notify.settings import Settings
from shared.main import main

if __name__ == "__main__":
    main("notify", Settings, {"web": wiring.web, "worker": wiring.worker, "indexes": wiring.indexes})
