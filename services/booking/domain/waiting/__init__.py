"""Who waits for another time, and what came free."""
