"""What is known and signed of a patient before a dose: assessment, consents, dose orders, misuse watch."""
