"""Everything that runs the platform somewhere; no service imports it."""
