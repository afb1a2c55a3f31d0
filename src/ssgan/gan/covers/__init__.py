"""Make covers by a trained generator, from latents to files."""
