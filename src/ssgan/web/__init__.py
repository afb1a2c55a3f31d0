"""Serve the page: hide, reveal, detect, inspect and generate in the browser, on this machine only, with nothing kept."""
