"""The API: /api/v1, the same rows and the same policy as the pages (R155).

Comes in: requests with a token. Goes out: JSON, page by page; errors as problem+json (RFC 9457).
"""

from planbank.api.application import api

__all__ = ["api"]
