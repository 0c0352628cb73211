"""Who serves firms with science and technology, what they did for whom, and what is worth telling."""
