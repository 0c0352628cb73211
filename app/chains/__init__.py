"""Chains with their leaders, the zone's parts and the climbers to a listing, as they are seen."""
