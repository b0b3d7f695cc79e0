"""Which tokens a family learns at which width: by a power law, in a step, or not at all."""
