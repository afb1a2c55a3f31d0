"""Classify features: ridge regression and the ensemble of Fisher discriminants."""
