"""What changed, in the order of the commits: the trail, read forward by whoever may."""
