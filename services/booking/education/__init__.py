"""What patients can read about their treatment, in every language (`<language>.yaml`)."""
