"""What is given to whom: grants and their renewals, tokens."""

from planbank.access.models.grant import Grant, Renewal
from planbank.access.models.token import Token

__all__ = ["Grant", "Renewal", "Token"]
