"""The leaders' screen: targets, forecast, ranks, and what changed since the last meeting."""
