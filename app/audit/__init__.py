"""Who did what, when, for whom: the trail that nobody can clear."""
