"""Attraction: firms that may come, from the first contact until they are registered here."""
