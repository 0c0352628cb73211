"""Firms that are on record twice: found, decided about, merged, and un-merged."""
