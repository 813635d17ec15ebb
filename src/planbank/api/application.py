"""The one API object, its errors and its resources.

Every resource is a file in `resources/`; what it declares there is in the OpenAPI description, and a
test walks all of it as every kind of person.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from ninja import NinjaAPI

from planbank.api import resources
from planbank.api.auth import Bearer
from planbank.api.problems import handle

api = NinjaAPI(
    title="planbank",
    version="1",
    description="Read patients, plans, DVHs and what stands in protocols, with the rights of a token's "
    "person. Lists are paged: follow `next` until it is null.",
    auth=Bearer(),
    docs_url=None,
    urls_namespace="api",
)
handle(api)
for _module in iter_modules(resources.__path__):
    api.add_router("", import_module(f"{resources.__name__}.{_module.name}").router)
