"""Outside platforms that we pull from and push to, each told by a mapping file."""
