"""The page of people: list and invitation."""
