"""The definition document: the agreement of marketing and sales, from the seeds alone.

`write_documents` renders every definition as HTML and Markdown; `definition_hashes`
gives the hash that a page shows and a run can log.
"""

from mql.definition.read import definition_hashes
from mql.definition.write import write_documents

__all__ = ["definition_hashes", "write_documents"]
