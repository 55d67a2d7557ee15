"""The monthly review: one static page for the leaders of marketing and sales."""

from mql.review.write import write_review

__all__ = ["write_review"]
