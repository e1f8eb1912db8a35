"""Lets ``python -m movie_posters_decade`` do what the command ``movie-posters-decade`` does."""

from movie_posters_decade.cli import main

raise SystemExit(main())
