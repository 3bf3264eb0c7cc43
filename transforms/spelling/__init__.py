"""House spelling: put English text into one variety, safely, and mark every change."""

from copydesk.transforms.spelling.speller import VARIETIES, Change, Respelling, Speller

__all__ = ["VARIETIES", "Change", "Respelling", "Speller"]
