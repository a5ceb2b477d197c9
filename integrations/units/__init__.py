"""The tree of units, as processes and forms ask for it."""
