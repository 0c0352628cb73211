"""Records of firms other than figures and designations: one declaration per kind."""
