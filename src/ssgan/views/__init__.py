"""What people look at: color maps, plots, contact sheets, HTML pages."""
