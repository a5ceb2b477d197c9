"""What the commands do that need nothing but the engine; `tiemchung.py` says how they are called."""
