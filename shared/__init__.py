"""Platform code: what any booking system would need unchanged. No word of the clinic's trade belongs here."""
