"""The version of the package and of the datasets it builds."""

__version__ = "0.1.0"
