"""Patient files of my institutions, and one of them."""
