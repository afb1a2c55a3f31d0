"""Embed in covers: schemes decide where, coders how."""
