"""Pages behind private links: they work without scripts, on a phone, by keyboard."""
