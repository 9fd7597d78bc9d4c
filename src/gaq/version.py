"""The version of gaq, said here alone: the build reads it from this line, for the package and for the engine."""

__version__ = "0.2.0"
