"""The viewer of a plan: a page around a canvas; what it draws comes from `pages/scene` (R97 to R102)."""
