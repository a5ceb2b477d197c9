"""Letters to readers, kept in a letterbox that a test can open."""
