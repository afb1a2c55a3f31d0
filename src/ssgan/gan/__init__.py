"""Where covers come from: a generator, against a critic who asks if they look real and a warden who asks if they hide."""
