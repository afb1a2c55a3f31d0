"""Generator and critic of one design, one file."""
