"""Visits and services as people enter them on the way: by phone, with a photo."""
