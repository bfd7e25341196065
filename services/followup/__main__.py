"""`python -m services.followup web | worker | indexes`."""

from services.followup import wiring
from services.followup.settings import Settings
from shared.main import main

if __name__ == "__main__":
    main("followup", Settings, {"web": wiring.web, "worker": wiring.worker, "indexes": wiring.indexes})
