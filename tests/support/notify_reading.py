"""Reading as it is shipped."""

from functools import partial

from services.notify.domain.reading import read
from services.notify.words import load_words

WORDS = load_words()
read_it = partial(read, words=WORDS)
LONGEST = 1600
"""Signs of the longest text that comes in."""
