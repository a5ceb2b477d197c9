"""A generic engine that executes declared process definitions on PostgreSQL."""
