"""Pictures of a head's geometry."""
