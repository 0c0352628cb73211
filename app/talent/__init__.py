"""People who make innovation: programmes won, hires, those who are sent to firms, training."""
