"""The day of one dose: readings, the grid of looks, the gate, recovery and going home."""
