"""Where a session can be: what is free, what is in the way, what lies near."""
