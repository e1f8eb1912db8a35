"""The demo: a painted catalogue and a loopback server for its posters."""
