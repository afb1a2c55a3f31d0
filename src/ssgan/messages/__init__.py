"""Hide and reveal real messages, after docs/format.md."""
