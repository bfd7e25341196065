"""The search for whole plans, and for the smallest change of one."""
