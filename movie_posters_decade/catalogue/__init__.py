"""The catalogue: find the file, read it, and clean it into a table of movies."""
