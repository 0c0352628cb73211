"""Long lists written to files by jobs: asked for, followed, fetched."""
