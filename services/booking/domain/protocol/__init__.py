"""What a clinician writes: phases, spacing, caps; how it is checked and published."""
