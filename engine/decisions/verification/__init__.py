"""What publication says of decision tables: gaps, overlaps, rules in vain, cells that cannot mean what they say, and
what counts as fine while it is not known. The ways in: `analysis` for a table, `graph_nulls` for a whole graph."""
