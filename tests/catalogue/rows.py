"""Invented rows of the catalogue, for tests of what reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any

from planbank.catalogue.models import (
    Finding,
    Instance,
    InstanceVersion,
    Patient,
    PatientFile,
    Series,
    Study,
    Submission,
)
from planbank.people.models import Affiliation, Institution, Sender, SenderInstitution, User
from planbank.pipeline.models import Outcome
from planbank.pipeline.registry import SERVICES

CT, RTPLAN = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.481.5"
EXPLICIT = "1.2.840.10008.1.2.1"


@dataclass
class Rows:
    """Makes rows at `at`, which a test may move; every number is used once."""

    at: datetime
    numbers: count[int] = field(default_factory=lambda: count(1))

    def institution(self, code: str = "AUH", **fields: Any) -> Institution:
        return Institution.objects.get_or_create(code=code, defaults={"name": f"{code} clinic", **fields})[0]

    def user(self, name: str, *institutions: str, **fields: Any) -> User:
        user = User.objects.create_user(name, "a long enough password", name=name.title(), **fields)
        for code in institutions:
            Affiliation.objects.create(
                user=user, institution=self.institution(code), since=self.at - timedelta(days=400)
            )
        return user

    def sender(self, ae_title: str, code: str = "AUH") -> Sender:
        sender = Sender.objects.create(ae_title=ae_title, network="10.0.0.0/24")
        SenderInstitution.objects.create(sender=sender, institution=self.institution(code))
        return sender

    def file(self, code: str = "AUH", sent_id: str = "", name: str = "", **fields: Any) -> PatientFile:
        return PatientFile.objects.create(
            institution=self.institution(code),
            patient=Patient.objects.create(created_at=self.at) if sent_id else None,
            sent_id=sent_id,
            name=name,
            **{"first_received_at": self.at, "last_received_at": self.at, **fields},
        )

    def study(self, file: PatientFile, description: str = "", **fields: Any) -> Study:
        uid = f"1.2.3.{next(self.numbers)}"
        return Study.objects.create(
            patient_file=file, study_instance_uid=uid, description=description, **fields
        )

    def series(self, where: PatientFile | Study, modality: str = "CT", **fields: Any) -> Series:
        study = self.study(where) if isinstance(where, PatientFile) else where
        return Series.objects.create(
            study=study,
            series_instance_uid=f"1.2.4.{next(self.numbers)}",
            modality=modality,
            **{"first_received_at": self.at, "last_received_at": self.at, **fields},
        )

    def version(self, uid: str = "", **fields: Any) -> InstanceVersion:
        number = next(self.numbers)
        return InstanceVersion.objects.create(
            **{
                "sop_instance_uid": uid or f"1.2.5.{number}",
                "content_hash": sha256(str(number).encode()).hexdigest(),
                "sop_class_uid": CT,
                "transfer_syntax_uid": EXPLICIT,
                "size": 1000,
                "modality": "CT",
                "instance_number": str(number),
                "first_received_at": self.at,
                **fields,
            }
        )

    def instance(self, series: Series, version: InstanceVersion | None = None, **sent: Any) -> Instance:
        """An object and its first submission (`sent` are fields of the submission)."""
        version = version or self.version()
        instance = Instance.objects.create(
            institution=series.study.patient_file.institution,
            sop_instance_uid=version.sop_instance_uid,
            series=series,
            current_version=version,
            first_received_at=self.at,
            last_received_at=self.at,
        )
        self.submission(instance, version, **sent)
        return instance

    def submission(
        self, instance: Instance, version: InstanceVersion | None = None, **fields: Any
    ) -> Submission:
        number = next(self.numbers)
        return Submission.objects.create(
            **{
                "instance": instance,
                "version": version or instance.current_version,
                "institution": instance.institution,
                "parcel_id": f"{number:032x}",
                "association_id": "a" * 32,
                "calling_ae": "PACS",
                "called_ae": "PLANBANK",
                "address": "10.0.0.7",
                "received_at": self.at,
                "relation": "new",
                **fields,
            }
        )

    def whole(
        self, code: str = "AUH", sent_id: str = "0101501234", objects: int = 2, **file: Any
    ) -> Instance:
        """A file with one study, one series and some objects; returns the last object."""
        series = self.series(self.file(code, sent_id, **file))
        return [self.instance(series) for _ in range(objects)][-1]

    def finding(self, file: PatientFile, code: str = "charset-guessed", **fields: Any) -> Finding:
        return Finding.objects.create(
            **{
                "patient_file": file,
                "subject_kind": "instance",
                "subject_id": next(self.numbers),
                "code": code,
                "opened_at": self.at,
                **fields,
            }
        )

    def outcome(self, of: InstanceVersion, state: str, reason: str = "", **fields: Any) -> Outcome:
        service = fields.get("service", "analyse")
        return Outcome.objects.create(
            **{
                "service": "analyse",
                "subject_kind": "instance version",
                "subject_id": of.pk,
                "version": SERVICES[service].version if service in SERVICES else 1,
                "lane": "file:1",
                "state": state,
                "reason": reason,
                "due_at": self.at,
                **fields,
            }
        )
