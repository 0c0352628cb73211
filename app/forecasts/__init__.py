"""What targets will be at the ends of years, firm by firm, and how well that was told."""
