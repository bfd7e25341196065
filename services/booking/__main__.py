"""`python -m services.booking web | worker | indexes`."""

from services.booking import wiring
from services.booking.settings import Settings
from shared.process.main import main

if __name__ == "__main__":
    main(Settings, wiring.service, wiring.app, wiring.worker)
