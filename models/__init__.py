"""What is stored: tables and the connection to the database, nothing else."""

from models.api_key import ApiKey
from models.audit import AuditEntry, AuditFiling, AuditHead
from models.login import Presence, TenantDay
from models.principal import Assignment, Principal, PrincipalKind, PrincipalStatus
from models.tenant import Tenant

__all__ = [
    "ApiKey",
    "Assignment",
    "AuditEntry",
    "AuditFiling",
    "AuditHead",
    "Presence",
    "Principal",
    "PrincipalKind",
    "PrincipalStatus",
    "Tenant",
    "TenantDay",
]
