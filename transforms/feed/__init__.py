"""Feeds: RSS, RDF, Atom and JSON Feed, well-formed or not, to one draft for each entry."""

from copydesk.transforms.feed.reader import ambiguous_guids, author_names, glance, read_entries, read_feed, ttl_of

__all__ = ["ambiguous_guids", "author_names", "glance", "read_entries", "read_feed", "ttl_of"]
