"""Bulletins (通报): drafted from data, edited, approved by a second person, and frozen."""
