"""Plans as data: tasks, targets, what counts towards them, and how they stand on any day."""
