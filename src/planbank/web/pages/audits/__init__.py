"""Audit studies: the draft, the board, copies, links (R103 to R109)."""
