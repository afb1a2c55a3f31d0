"""Measure the quality of generated covers, beside real ones."""
