"""What the person of a request may reach, and as whom they see a patient."""

from planbank.web.reach.rows import mine, my_institutions, note, note_view, one

__all__ = ["mine", "my_institutions", "note", "note_view", "one"]
