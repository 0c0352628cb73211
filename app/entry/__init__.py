"""Data entry: what waits for a keeper of firms, and a year's figures of many firms in one grid."""
