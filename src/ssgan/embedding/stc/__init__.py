"""Embed messages of a given number of bits at the smallest distortion, by syndrome-trellis codes."""
