"""Every picture: a result to a matplotlib figure."""
