"""The API against its own OpenAPI description: any call it allows is answered as it says (schemathesis)."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
import schemathesis
from django.http import HttpResponse
from django.test import Client
from hypothesis import HealthCheck, given, settings

import requests
from planbank.api import api
from planbank.catalogue.models import PlanSet
from planbank.people.models import User
from tests.api.calling import Caller


def test_the_description_needs_no_token_and_names_every_resource(bank: object) -> None:
    described = Client().get("/api/v1/openapi.json").json()
    assert set(described["paths"]) >= {"/api/v1/patients", "/api/v1/plan-sets", "/api/v1/protocols"}
    assert all("401" in verb["responses"] for path in described["paths"].values() for verb in path.values())


@pytest.mark.parametrize("path", sorted(api.get_openapi_schema()["paths"]))
def test_every_call_is_answered_as_described(
    path: str, plan_set: PlanSet, reader: User, caller: Callable[..., Caller]
) -> None:
    schema = schemathesis.openapi.from_dict(dict(api.get_openapi_schema()))
    operation, rita = schema[path]["GET"], caller(reader)

    @settings(max_examples=25, suppress_health_check=list(HealthCheck), database=None, deadline=None)
    @given(case=operation.as_strategy())
    def check(case: schemathesis.Case) -> None:
        # Through Django's own client: the rows stand in a transaction that only this thread sees.
        wanted = requests.Request("GET", f"http://bank{case.formatted_path}", params=case.query or {})
        target = urlsplit(wanted.prepare().url or "")
        answer = rita.http.get(
            f"{target.path}?{target.query}", headers={"Authorization": f"Bearer {rita.token}"}
        )
        said = operation.definition.raw["responses"]
        assert str(answer.status_code) in said, (target, answer.content)
        if answer.status_code == 200:
            operation.validate_response(_as_seen(answer, wanted.prepare()))
        else:
            assert answer["Content-Type"] == "application/problem+json"

    check()


def _as_seen(answer: HttpResponse, asked: requests.PreparedRequest) -> schemathesis.Response:
    headers = {name.lower(): [value] for name, value in answer.items()}
    return schemathesis.Response(
        status_code=answer.status_code,
        headers=headers,
        content=answer.content,
        request=asked,
        elapsed=0.0,
        verify=True,
    )
