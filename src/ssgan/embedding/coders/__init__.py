"""From costs to stegos: the optimal sender, the plain one, syndrome-trellis codes, the authors' own."""
