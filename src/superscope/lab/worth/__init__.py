"""What a variant is worth in width, said of tables of lab runs."""
