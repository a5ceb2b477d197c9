"""Declared pages: what a page asks, and the blocks that show it, read from web/pages and never from code."""
