"""members: what arrives late joins the protocols of its patient."""

from planbank.services.members.run import members

__all__ = ["members"]
