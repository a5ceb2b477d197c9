"""What stands on the shelves of each branch, as pages ask for it."""
