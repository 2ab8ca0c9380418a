"""Requests that are not for the police, and the city hotline 12345: handed over by Open311, followed, taken back."""
