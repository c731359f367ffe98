"""Fetching what people sent. The address of a file holds the bot's token, so it is neither kept nor logged."""

from telegram import File
from telegram.error import BadRequest, Forbidden, InvalidToken, RetryAfter, TelegramError

from bot.channels import Rejected, TryLater
from bot.channels.telegram.client import Client
from bot.channels.telegram.request import MOST_TO_DOWNLOAD

_AGAIN_AFTER = 30.0  # seconds


class Media:
    """Files by `Attachment.reference`, one attempt at a time."""

    def __init__(self, client: Client, *, at_most: int = MOST_TO_DOWNLOAD) -> None:
        self._client = client
        self._at_most = at_most

    async def fetch(self, reference: str) -> bytes:
        """The bytes of a file that was sent to the bot.

        Raises `Rejected` when it is too big or no longer there, `TryLater` when Telegram cannot be reached. Asking
        again harms nothing.
        """
        try:
            file: File = await self._client.bot.get_file(reference)
            if file.file_size is not None and file.file_size > self._at_most:
                raise Rejected("file is too big")
            # A link lapses after an hour, hence always through getFile.
            content = bytes(await file.download_as_bytearray())
        except (BadRequest, Forbidden) as error:
            raise Rejected(error.message[:100]) from None
        except RetryAfter as error:
            told = error.retry_after
            raise TryLater(float(told) if isinstance(told, int) else told.total_seconds(), reason="429") from None
        except InvalidToken:
            raise TryLater(_AGAIN_AFTER, everyone=True, reason="token refused") from None
        except TelegramError as error:
            raise TryLater(_AGAIN_AFTER, reason=type(error).__name__) from None
        if len(content) > self._at_most:
            raise Rejected("file is too big")
        return content
