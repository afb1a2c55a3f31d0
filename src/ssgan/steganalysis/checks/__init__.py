"""Check pairs and splits before a training, so that no detector learns a mistake of the data."""
