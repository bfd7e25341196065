"""The whole platform on one machine, with real servers and without containers."""
