"""What a patient sees and says on the private page."""
