"""Draw for people: color maps, plots, contact sheets, HTML pages."""
