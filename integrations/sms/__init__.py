"""Text messages to telephones, each sent once however often its job is tried."""
