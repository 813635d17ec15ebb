"""upload: files that people send by the site, looked at before anything is kept (R18, R19)."""
