"""How pictures are drawn: panels, keys, scales, colors, text of others."""
