"""The workbench over the lists of firms: conditions, columns, facets, totals, views, selections."""
