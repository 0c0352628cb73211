"""Leading firms: chains with their leaders, zones, and the ladder to a listing."""
