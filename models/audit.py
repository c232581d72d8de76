from tortoise import fields
from tortoise.models import Model


class AuditEntry(Model):
    """One thing that was done or refused. Append-only: triggers refuse to change or delete a row.

    `content` is canonical JSON and all there is to an entry; `at` and `tenant_id` repeat what a
    trail is found by. The hash covers position, previous hash and content, so a database's own
    types stand nowhere between what was hashed and what is read. There are no foreign keys: an
    entry names whom it is about as they were called then, and outlives them.
    """

    position = fields.BigIntField(primary_key=True, generated=False)
    at = fields.DatetimeField()
    # Null where the one who asked could not see a tenant: nobody writes in a foreign trail. Null,
    # too, where there are several tenants: those are filings.
    tenant_id = fields.UUIDField(null=True)
    content = fields.TextField()
    hash = fields.CharField(max_length=64)

    class Meta:
        table = "audit_entry"
        table_description = "Who did or was refused what, in a chain of hashes"
        indexes = (("tenant_id", "at", "hash"),)


class AuditFiling(Model):
    """One tenant of an entry about several, such as a list of reports that was read. In the order
    of entries. Append-only like these, and no part of the hash: it repeats what the entry names."""

    id = fields.BigIntField(primary_key=True)
    position = fields.BigIntField()
    tenant_id = fields.UUIDField()
    at = fields.DatetimeField()

    class Meta:
        table = "audit_filing"
        table_description = "Audit entries about several tenants, by tenant"
        indexes = (("tenant_id", "at", "position"),)


class AuditHead(Model):
    """The end of the chain, in one row: what an append moves, and the lock of those who append.
    Triggers let it go forward only."""

    id = fields.IntField(primary_key=True, generated=False)
    position = fields.BigIntField()
    hash = fields.CharField(max_length=64)

    class Meta:
        table = "audit_head"
        table_description = "End of the chain of audit entries"
