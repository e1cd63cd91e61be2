"""The page “Class”: opened by a teacher, joined by pupils, shown on a projector."""
