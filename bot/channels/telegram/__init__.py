"""Telegram: updates become messages, replies become Bot API calls, through python-telegram-bot at the edge."""
