"""The Hugging Face Hub: push a build with its dataset card."""

from movie_posters_decade.hub.push import push

__all__ = ["push"]
