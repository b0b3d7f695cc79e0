"""Single tokens and directions: what collides, what it costs, what can be read."""
