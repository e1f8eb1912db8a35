"""The demo: a painted catalogue and a loopback server for its posters."""

from movie_posters_decade.demo.server import paint_catalogue, serve

__all__ = ["paint_catalogue", "serve"]
