"""Saved views: a list's query under a name, for oneself, one's organisation or everybody."""
