"""Turn costs into stegos: the optimal sender, the plain one, syndrome-trellis codes, the authors' own."""
