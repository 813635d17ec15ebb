"""What machines ask: is the site up, and may robots look."""
