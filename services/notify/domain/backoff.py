"""How long to wait before a call is tried again: full jitter between nothing and a ceiling that doubles.

https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/. The jitter is drawn from the row's id, so
that the same row and attempt always give the same pause while rows differ from one another.
"""

from datetime import timedelta
from hashlib import sha256
from typing import Final

FIRST: Final = timedelta(seconds=2)
LONGEST: Final = timedelta(minutes=10)
_DOUBLINGS: Final = 9  # 2 s doubled nine times is past ten minutes
_WHOLE: Final = 2**32


def pause_after(attempt: int, id: str) -> timedelta:
    """The pause after the failed attempt number `attempt` (from 1), to the millisecond."""
    ceiling = min(LONGEST, FIRST * 2 ** min(attempt - 1, _DOUBLINGS))
    drawn = int.from_bytes(sha256(f"{id}/{attempt}".encode()).digest()[:4])
    return timedelta(milliseconds=ceiling // timedelta(milliseconds=1) * drawn // _WHOLE)
