"""The ledger of vaccine stock: what came in, where it is, what became of it, by manufacturer's lot."""
