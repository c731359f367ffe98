"""Whether what is posted really comes from a page of ours."""

from urllib.parse import urlsplit

from starlette.requests import Request


def is_from_here(request: Request, public_url: str) -> bool:
    """Whether the browser says that a page of this very origin sent the request. Browsers that say nothing pass."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    if origin is None:
        return True
    return urlsplit(origin).netloc in {request.headers.get("host", ""), urlsplit(public_url).netloc} - {""}
