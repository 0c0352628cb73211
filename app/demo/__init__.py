"""A district that looks alive: made-up firms with gaps and mistakes like real ones."""
