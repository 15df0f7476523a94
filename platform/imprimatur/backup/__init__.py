"""Take everything along, put it back, and say which files the rows promise and the store no longer has."""
