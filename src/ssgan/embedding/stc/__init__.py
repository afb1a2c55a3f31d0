"""Syndrome-trellis codes: messages of a given number of bits at the smallest distortion."""
