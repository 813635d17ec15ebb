"""Calling the API with a token, through all of the site's middleware."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.test import Client


@dataclass
class Caller:
    """Asks the API as somebody."""

    token: str
    http: Client = field(default_factory=Client)

    def get(self, path: str, **parameters: Any) -> HttpResponse:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.http.get(f"/api/v1/{path}", parameters, headers=headers)

    def items(self, path: str, **parameters: Any) -> list[dict[str, Any]]:
        answer = self.get(path, **parameters)
        assert answer.status_code == 200, answer.content
        return list(answer.json()["items"])

    def send(self, method: str, path: str, body: dict[str, Any] | None = None, **headers: str) -> Any:
        """Any method, with a body of JSON where it has one."""
        head = {"Authorization": f"Bearer {self.token}", **headers}
        ask, address = getattr(self.http, method), f"/api/v1/{path}"
        if method == "get":
            return ask(address, headers=head)
        return ask(address, body or {}, content_type="application/json", headers=head)
