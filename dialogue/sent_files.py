"""What a person sent as a file, which the channel brings only after the message was answered."""

from dialogue.questions import OneOf
from dialogue.talk import Talk
from storage import attachments


async def content(talk: Talk, key: str, sent: int) -> bytes:
    """The bytes of row `sent` of the attachments; asks to wait until they are there.

    Puts question `key` once more when the file cannot be had.
    """
    found = attachments.content(talk.tx, sent)
    if found is None and attachments.is_lost(talk.tx, sent):
        talk.again(key, "文件没取到，请再发一次。")
    if found is None:
        await talk.ask("here", "文件收到了，正在取，等十来秒回“好了”。", OneOf({"here": "好了"}))
        talk.again("here", "还没取完，再等一会儿回“好了”。")
    return found[0]
