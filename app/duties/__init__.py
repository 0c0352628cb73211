"""Duties that follow from titles and law: what is due, from which firm, by when."""
