"""An invented protocol whose dictionary tests change and read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from planbank.catalogue.models import PlanSet
from planbank.naming.actions.editing import Line, change_rules
from planbank.naming.models import Dictionary, Edition
from planbank.naming.queries.dictionaries import dictionary_of
from planbank.people.models import User
from planbank.protocols.act import Act
from planbank.protocols.levels import See, TakeOut
from planbank.protocols.models import Project, Protocol, StructureType
from planbank.reach.rows import Reader
from tests.protocols.rows import ProtocolRows


@dataclass
class Trial:
    """A protocol, its dictionary, who edits it, and the rows around it."""

    rows: ProtocolRows
    protocol: Protocol
    dictionary: Dictionary
    user: User
    at: datetime

    @classmethod
    def made(cls, at: datetime) -> Trial:
        rows = ProtocolRows(at)
        protocol = rows.protocol("HN-19")
        for code in ("AUH", "OUH"):
            rows.centre(protocol, code)
        user = User.objects.create(username="keyuser")
        rows.grant(user, "key-user", protocol, see=See.PSEUDONYMISED, take_out=TakeOut.NONE)
        return cls(rows, protocol, dictionary_of(protocol), user, at)

    @property
    def act(self) -> Act:
        return Act.of(self.user, self.at)

    @property
    def reader(self) -> Reader:
        return Reader(self.user, self.at)

    def key_user_of(self, project: Project) -> User:
        """Who holds the project, pseudonymised, and nothing in the protocol."""
        user = self.rows.user("kira")
        self.rows.grant(user, "key-user", project, see=See.PSEUDONYMISED, take_out=TakeOut.PSEUDONYMISED)
        return user

    def type(self, name: str, **fields: object) -> StructureType:
        return StructureType.objects.get_or_create(protocol=self.protocol, name=name, defaults=fields)[0]

    def rule(self, entry: str, type_: str, code: str | None = None) -> Edition:
        institution = self.rows.institution(code).pk if code else None
        self.dictionary.refresh_from_db()
        line = Line(entry, self.type(type_).pk, institution)
        return change_rules(self.act, self.dictionary, self.dictionary.edition, [line])

    def entries(self) -> list[str]:
        rows = self.dictionary.rules.filter(ended_in__isnull=True)
        return list(rows.order_by("entry").values_list("entry", flat=True))

    def plan(self, code: str, sent_id: str, *names: str) -> PlanSet:
        """A plan of the protocol with ROIs of these names (in brackets: empty)."""
        file = self.rows.file(code, sent_id, name="Holm^Mette")
        plan = self.rows.rt_object(file, "RTPLAN")
        found = self.rows.plan_set(file, sop_instance_uid=plan.sop_instance_uid)
        self.rows.member(found, "plan", "itself", instance=plan)
        self.rows.add_structures(found, *names)
        return self.rows.join(self.protocol, found)

    def calculated(self, code: str, sent_id: str) -> PlanSet:
        """A plan of the protocol with DVHs of PTV_bryst, Hjerte and Couch: 10 to 50 Gy in 100 cc."""
        return self.rows.join(self.protocol, self.rows.whole_plan(code, sent_id))
