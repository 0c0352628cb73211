"""Yearly target lists: drafted, negotiated, issued, accepted, reported on, supervised, closed."""
