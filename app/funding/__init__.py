"""Money from outside: equity, loans, pledges, funds, grants."""
