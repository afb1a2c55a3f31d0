"""How good generated covers are, beside real ones."""
