"""The page of one person: account, work, link, switching off and on."""
