"""Who serves firms, what they did for whom, and what is worth telling."""
