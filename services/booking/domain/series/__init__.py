"""A booked course with its sessions, and everything that may happen to it."""
