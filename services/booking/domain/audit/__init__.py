"""The audit chain: what was done and accepted, and that nobody has changed the record of it."""
