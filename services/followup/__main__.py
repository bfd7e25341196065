"""`python -m services.followup web | worker | indexes`."""

from services.followup import wiring
from services.followup.settings import Settings
from shared.process.main import main

if __name__ == "__main__":
    main(Settings, wiring.service, wiring.app, wiring.worker)
