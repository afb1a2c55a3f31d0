"""The warden: looks at images and says which ones carry something."""
