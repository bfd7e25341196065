"""The patient's private pages and the calendar feeds: they work without scripts, on a phone, by keyboard."""
