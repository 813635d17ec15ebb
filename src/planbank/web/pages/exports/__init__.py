"""Taking files out: asked for a purpose, approved by another person, prepared, downloaded (R113 to R115)."""
