"""Who looked at a protocol's patients, and what was taken out: for its data controllers and key users."""
