"""The conversations of the other channels, held through WeChat."""
