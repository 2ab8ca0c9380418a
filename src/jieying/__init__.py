"""Jieying (接应): incident command for police, from the call for help to the closed incident."""

__version__ = "0.1.0"
