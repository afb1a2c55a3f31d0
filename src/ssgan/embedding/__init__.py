"""How a cover is changed: schemes say where, coders say how."""
