"""The page of measured models."""
