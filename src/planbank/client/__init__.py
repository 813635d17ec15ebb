"""A small client of the API, for notebooks: rows as dicts, frames where pandas is at hand.

    from planbank.client import Client
    bank = Client("https://bank.example", token)
    for plan in bank.plan_sets(protocol="BRAIN"):
        print(plan["pseudonym"], bank.dvhs(plan["id"], metrics="D95%,V20Gy"))

It needs nothing but the standard library, and imports nothing else of planbank.
"""

from planbank.client.client import ApiError, Client

__all__ = ["ApiError", "Client"]
