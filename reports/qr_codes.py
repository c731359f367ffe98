"""QR codes to print: an address as a picture."""

import io

import segno

MEDIA_TYPE = "image/png"


def png(address: str) -> bytes:
    """Black on white, with the quiet margin that readers need; a third of it may be dirty."""
    picture = io.BytesIO()
    segno.make(address, error="q", micro=False).save(picture, kind="png", scale=12, border=4)
    return picture.getvalue()
