"""The WeChat Official Account: its wire, its API, and what may be said through it when."""
