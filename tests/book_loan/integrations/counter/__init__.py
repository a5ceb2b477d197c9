"""The hours at which readers may come to the counter."""
