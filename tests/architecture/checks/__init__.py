"""Checks as functions from a table to its faults, so that each of them can be seen to find some."""
