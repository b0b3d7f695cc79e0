"""The page of a law."""
