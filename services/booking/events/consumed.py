"""What booking hears: nothing yet."""

from shared.hearing import Handlers

HANDLERS: Handlers = {}
