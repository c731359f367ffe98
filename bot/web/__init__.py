"""What the chat page and the console share: how they answer browsers, and the mark that stands on both."""

from pathlib import Path

SHARED = Path(__file__).parent / "assets"
"""A folder of files that both show."""
