"""My account: who I am here, language, theme, password."""
