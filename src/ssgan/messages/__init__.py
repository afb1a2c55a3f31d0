"""What is said: real messages, hidden and revealed after docs/format.md."""
