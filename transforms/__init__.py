"""Pure functions on values: bytes to drafts, drafts to articles. Only `beam.py` and `routing.py` import Beam."""
