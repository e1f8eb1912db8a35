#!/usr/bin/env python3
"""Build the dataset and write its posters as a folder tree.

    python scripts/export_folders.py --data-files MovieGenre.csv --output posters

It takes the options of ``movie-posters-decade export``, whose usual layout the tree is.
"""

import sys

from movie_posters_decade.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["export", *sys.argv[1:]]))
