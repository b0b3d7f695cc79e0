"""Pictures of a law."""
