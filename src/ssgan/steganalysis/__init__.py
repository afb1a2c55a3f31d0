"""Detect stegos: networks, features, classifiers and attacks of the warden."""
