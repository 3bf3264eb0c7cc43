"""Web pages: the text that a page shows, where its story is, and what its markup says of it."""

from copydesk.transforms.page.fragment import read_fragment
from copydesk.transforms.page.reader import read_page

__all__ = ["read_fragment", "read_page"]
