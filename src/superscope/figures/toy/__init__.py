"""Pictures of toy models."""
