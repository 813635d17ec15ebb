"""Who is who: candidates, numbers linked, patients joined, studies split off; each undone (R129)."""
