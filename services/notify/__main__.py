"""`python -m services.notify web | worker | indexes`."""

from services.notify import wiring
from services.notify.settings import Settings
from shared.process.main import main

if __name__ == "__main__":
    main(Settings, wiring.service, wiring.app, wiring.worker)
