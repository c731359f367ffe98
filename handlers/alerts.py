"""Tells staff at once, in their own chat, that somebody needs them."""
