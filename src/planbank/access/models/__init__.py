"""What is given to whom: grants and their renewals."""

from planbank.access.models.grant import Grant, Renewal

__all__ = ["Grant", "Renewal"]
