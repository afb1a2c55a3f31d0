"""Structural attacks on LSB replacement."""
