"""Generate covers: a generator against a critic, which asks if they look real, and a warden, which asks if they hide
something.
"""
