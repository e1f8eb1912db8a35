"""Lets ``python -m movie_posters_decade`` do what the command ``movie-posters-decade`` does."""

import signal

# Until a command runs, and after it, Ctrl-C ends the process without a traceback.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from movie_posters_decade.cli import main

raise SystemExit(main())
