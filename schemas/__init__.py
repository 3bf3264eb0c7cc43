"""The record: what comes in (RawDocument), what goes out (Article), what is refused (Failure).

The Arrow schemas here are the only source of the columns; the docs, the SQL, the BigQuery and the JSON Schema
are generated from them by `copydesk.schemas.export`.
"""
