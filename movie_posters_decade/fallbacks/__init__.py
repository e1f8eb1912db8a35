"""Fallbacks: other addresses of posters whose link in the catalogue is dead."""
