"""JSON records: the rows of a dump, the answers of an API."""

from copydesk.transforms.record.reader import read_record

__all__ = ["read_record"]
