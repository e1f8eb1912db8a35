"""The command line: its parser, one function per command, printing, signals."""
