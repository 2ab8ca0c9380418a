"""Requests that are not ours, or not ours alone: handed on, and followed until they are taken or come back."""
