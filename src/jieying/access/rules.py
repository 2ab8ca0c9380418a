"""Who may do what: roles give permissions, the place in the organisation tree gives the scope. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from jieying.kit.errors import Forbidden


class Role(StrEnum):
    CALL_TAKER = "call_taker"
    DISPATCHER = "dispatcher"
    OFFICER = "officer"
    FRAUD_DESK = "fraud_desk"  # works on cases of fraud, sees no other incident or report
    COMMANDER = "commander"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    GATEWAY = "gateway"  # the machine at the end of a channel: hands in reports and positions, sees nothing


class Permission(StrEnum):
    REPORT_HAND_IN = "report.hand_in"
    REPORT_TAKE = "report.take"
    REPORT_READ = "report.read"
    PERSON_READ = "person.read"  # who reported, and words as they were said; others get them masked
    INCIDENT_READ = "incident.read"
    INCIDENT_MANAGE = "incident.manage"
    ASSIGNMENT_ACT = "assignment.act"
    UNIT_MANAGE = "unit.manage"
    POSITION_SEND = "position.send"
    JOURNAL_READ = "journal.read"
    KNOWLEDGE_READ = "knowledge.read"
    KNOWLEDGE_ANSWER = "knowledge.answer"
    KNOWLEDGE_EDIT = "knowledge.edit"
    FRAUD_READ = "fraud.read"
    FRAUD_DESK = "fraud.desk"
    ADMIN = "admin"


P = Permission
# Everybody on duty may look up an answer and give one.
_ANSWER = {P.KNOWLEDGE_READ, P.KNOWLEDGE_ANSWER}
_READ = {P.INCIDENT_READ, P.PERSON_READ}  # they call back, or go there
_MANAGE = {*_READ, P.INCIDENT_MANAGE, P.ASSIGNMENT_ACT, P.UNIT_MANAGE, P.REPORT_READ, P.JOURNAL_READ}
PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.CALL_TAKER: frozenset({*_READ, P.REPORT_HAND_IN, P.REPORT_TAKE, P.REPORT_READ, P.JOURNAL_READ, *_ANSWER}),
    Role.DISPATCHER: frozenset({*_MANAGE, *_ANSWER, P.REPORT_HAND_IN, P.REPORT_TAKE, P.FRAUD_READ}),
    # An officer acts on the assignments of his own unit only (see may_act_for).
    Role.OFFICER: frozenset({*_READ, P.ASSIGNMENT_ACT, P.POSITION_SEND, P.REPORT_HAND_IN, *_ANSWER}),
    # Answers for what is told to citizens: keeps the knowledge base.
    Role.COMMANDER: frozenset({*_MANAGE, *_ANSWER, P.KNOWLEDGE_EDIT, P.FRAUD_READ}),
    Role.FRAUD_DESK: frozenset({P.FRAUD_READ, P.FRAUD_DESK}),
    # Sees what was done, not to whom.
    Role.AUDITOR: frozenset({P.INCIDENT_READ, P.REPORT_READ, P.JOURNAL_READ, P.KNOWLEDGE_READ}),
    # Runs the system, does not read incidents.
    Role.ADMINISTRATOR: frozenset({P.ADMIN}),
    Role.GATEWAY: frozenset({P.REPORT_HAND_IN, P.POSITION_SEND}),
}


@dataclass(frozen=True)
class Account:
    """Who acts. `org_path` is the scope: everything whose path begins with it."""

    id: UUID
    username: str
    name: str
    role: Role
    org: str
    org_path: str
    unit: str | None = None

    @property
    def actor(self) -> str:
        """How the journal names who acted."""
        return f"account:{self.username}"

    def may(self, permission: Permission) -> bool:
        return permission in PERMISSIONS[self.role]

    def need(self, permission: Permission) -> None:
        """Raises Forbidden when the role does not have the permission."""
        if not self.may(permission):
            raise Forbidden("not_permitted", permission=str(permission), role=str(self.role))

    def may_act_for(self, unit: str, unit_org_path: str) -> bool:
        """Act on a unit's assignments: an officer for his own unit, others for units of their scope."""
        if self.role is Role.OFFICER:
            return self.unit == unit
        return self.may(Permission.ASSIGNMENT_ACT) and unit_org_path.startswith(self.org_path)

    def sees(self, org_paths: list[str] | tuple[str, ...]) -> bool:
        """Whether something that concerns these organisations is within this account's scope."""
        return any(path.startswith(self.org_path) for path in org_paths)
