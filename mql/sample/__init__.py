"""Believable sample data of an invented medical device company.

`generate` writes the seven raw files that the warehouse reads. The same seed and size
give the same bytes. See docs/sample-data.md.
"""

from mql.sample.clock import AS_OF
from mql.sample.generator import DEFAULT_SEED, Summary, generate

__all__ = ["AS_OF", "DEFAULT_SEED", "Summary", "generate"]
