"""My tokens of the API: made, listed, ended."""
