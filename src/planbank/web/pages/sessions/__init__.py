"""Where I am signed in."""
