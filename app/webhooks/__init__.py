"""Webhooks: the change feed, pushed to where an organisation wants it."""
