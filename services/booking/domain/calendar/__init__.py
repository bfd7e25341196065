"""Time as slots, and the resources that have it."""
