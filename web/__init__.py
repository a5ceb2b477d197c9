"""The web application: generic screens over the engine's verbs. It imports no integration and no process."""
