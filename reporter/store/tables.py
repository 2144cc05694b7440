"""The tables of the store as they are now; `migrations` holds how they came to be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from reporter.jobs.rows import FIELDS
from reporter.sources.registry import REVISION, SERVICE

DERIVATION: Final = 2 + REVISION
"""Grows with each change of what is derived from replies: older stores then derive it anew."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """A point in time as `Instant` keeps it."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


class Instant(sa.TypeDecorator[datetime]):
    """A point in time as microseconds since 1970: exact, ordered, the same on every database."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:
        return None if value is None else _EPOCH + timedelta(microseconds=value)


_INSERTS = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def insert(dialect: str, table: sa.Table) -> Any:
    """An INSERT in a database's own form, which can say what to do on a conflict."""
    return _INSERTS[dialect](table)


metadata = sa.MetaData()

customers = sa.Table(
    "customers",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("listed_at", Instant, nullable=False),  # the last time its source listed it
    # Grows whenever anything that is kept of the customer changes.
    sa.Column("revision", sa.Integer, nullable=False, server_default="0"),
    # By which rules what is derived from its replies was derived; 0 where nothing was yet.
    sa.Column("derivation", sa.Integer, nullable=False, server_default="0", default=DERIVATION),
    sa.Column("source", sa.String, nullable=False, server_default=SERVICE, default=SERVICE),
)

# A run over the customers. One that never ended was cut short: the next goes on with it.
runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    # fetch, fetch some, or month and its label: all that is done for its reports
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("host", sa.String, nullable=False),
    sa.Column("process", sa.Integer, nullable=False),
    sa.Column("began_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
)

# One attempt to take a snapshot of something (`kind`). `error` is empty where the snapshot is
# complete. Where it is not, replies are what came nevertheless: kept to be looked at, and nothing
# may rest on them. `customer_id` is missing for lists about all customers.
fetches = sa.Table(
    "fetches",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("customer_id", sa.String),
    # jobs, or what is asked for beside them (`model.Kind`); about all customers: customers,
    # subscriptions
    sa.Column("kind", sa.String, nullable=False, server_default="jobs"),
    sa.Column("taken_at", Instant, nullable=False),
    sa.Column("error", sa.String),
    sa.Column("run_id", sa.Integer),  # of the run it was part of
    sa.Column("source", sa.String, nullable=False, server_default=SERVICE, default=SERVICE),
    sa.Column("job_id", sa.String, nullable=False, server_default=""),  # of details, else empty
    sa.Index("fetches_by_customer", "customer_id", "kind", "taken_at"),
    sa.Index("fetches_by_run", "run_id"),
)
OF_DETAILS: Final = fetches.c.kind == "details"
"""Of the few fetches that ask for the details of a job."""
sa.Index(
    "fetches_of_details",
    fetches.c.taken_at,
    sqlite_where=OF_DETAILS,
    postgresql_where=OF_DETAILS,
)

# Bodies of replies by their hash: a service asked every few hours says much the same, kept once.
bodies = sa.Table(
    "bodies",
    metadata,
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("body", sa.LargeBinary, nullable=False),  # zlib
)

replies = sa.Table(
    "replies",
    metadata,
    sa.Column("fetch_id", sa.Integer, sa.ForeignKey("fetches.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("fetched_at", Instant, nullable=False),
    sa.Column("url", sa.String, nullable=False),
    sa.Column("request_id", sa.String, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),  # of its body
    sa.Column("rows", sa.Integer, nullable=False),  # that count: of a failed fetch none
    sa.Index("replies_by_body", "sha256"),
)

# The modules the service has listed, and the scopes of each, by numbers of their own: names are
# kept once, and what is kept of each is found by a short key.
modules = sa.Table(
    "modules",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("customer_id", sa.String, nullable=False),
    sa.Column("service", sa.String, nullable=False),
    sa.Column("module", sa.String, nullable=False),
    sa.UniqueConstraint("customer_id", "service", "module"),
)

scopes = sa.Table(
    "scopes",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("module_id", sa.Integer, sa.ForeignKey("modules.id"), nullable=False),
    sa.Column("name", sa.String, nullable=False),  # empty where the service gives none
    # Of the name, which may be longer than anything that can be indexed.
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.UniqueConstraint("module_id", "sha256"),
)

# What snapshots say of a scope (`jobs.sightings`): a row where one says something else than the one
# before it. It holds from the fetch `fetch_id` on, in the order of recording, until the next row.
sightings = sa.Table(
    "sightings",
    metadata,
    sa.Column("scope_id", sa.Integer, sa.ForeignKey("scopes.id"), primary_key=True),
    # Refers to `fetches`: no key, or each fetch that is pruned would be looked for in all of these.
    sa.Column("fetch_id", sa.Integer, primary_key=True, autoincrement=False),
    # Whether it is listed; where it is not, the rest is what was said of it last.
    sa.Column("listed", sa.Boolean, nullable=False),
    sa.Column("job_id", sa.String, nullable=False),
    sa.Column("status", sa.String, nullable=False),
    sa.Column("outcome", sa.String, nullable=False),
    sa.Column("listed_as", sa.String, nullable=False),
    sa.Column("queued", sa.Boolean, nullable=False),
    sa.Column("modified_at", Instant),
    sa.Column("oldest_at", Instant),
    sa.Column("at_work", sa.String, nullable=False),
    sa.Column("lost", sa.Boolean, nullable=False),  # in the first of its snapshots alone
    sa.Column("unreadable", sa.String, nullable=False),
    sqlite_with_rowid=False,
)

# One row per job: the raw fields of the row that counts, and what is needed to choose jobs without
# reading them all.
jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("module_id", sa.Integer, sa.ForeignKey("modules.id"), primary_key=True),
    sa.Column("job_id", sa.String, primary_key=True),
    sa.Column("scope_id", sa.Integer, sa.ForeignKey("scopes.id"), nullable=False),
    *(sa.Column(field, sa.String) for field in FIELDS if field != "job_id"),
    sa.Column("date_orders", sa.String),  # how its slashed dates are read (`jobs.rows`)
    sa.Column("fetched_at", Instant, nullable=False),
    sa.Column("fetch_id", sa.Integer, sa.ForeignKey("fetches.id"), nullable=False),
    sa.Column("dated_at", Instant),  # its start, else its end, else `first_modified_at`
    sa.Column("point_at", Instant),  # its end, else its start, else `first_modified_at`
    # Of all rows it ever had (`jobs.rows.KEPT_OF_ALL`).
    sa.Column("first_seen_at", Instant, nullable=False),
    sa.Column("last_seen_at", Instant, nullable=False),
    sa.Column("first_started_at", Instant),
    sa.Column("last_started_at", Instant),
    sa.Column("first_modified_at", Instant),
    sa.Column("outcome", sa.String, nullable=False),
    sa.Column("is_backup", sa.Boolean, nullable=False),
    sa.Column("has_objects", sa.Boolean, nullable=False),  # whether it backed up any
    # Each part of what a report reads (`reading`) has an index it can be found by.
    sa.Index("jobs_by_date", "scope_id", "dated_at", "point_at"),
    sa.Index("jobs_by_outcome", "scope_id", "outcome", "point_at", "dated_at"),
    sa.Index("jobs_by_fetch", "fetch_id"),
)
START_MOVED: Final = jobs.c.first_started_at != jobs.c.last_started_at
"""Of the few jobs whose rows do not agree on their start."""
sa.Index("jobs_moved", jobs.c.scope_id, sqlite_where=START_MOVED, postgresql_where=START_MOVED)

# The details of a job as one complete fetch gave them; of those of a job the last ones count.
details = sa.Table(
    "details",
    metadata,
    # Refers to `fetches`, as `sightings` do.
    sa.Column("fetch_id", sa.Integer, primary_key=True, autoincrement=False),
    # Refer to `jobs`, without a key: a job may be derived anew, or be pruned.
    sa.Column("module_id", sa.Integer, sa.ForeignKey("modules.id"), nullable=False),
    sa.Column("job_id", sa.String, nullable=False),
    sa.Column("objects", sa.Integer, nullable=False),  # in the list
    sa.Column("failed", sa.Integer, nullable=False),  # of them
    sa.Column("whole", sa.Boolean, nullable=False),  # whether it was read to its end
    sa.Index("details_by_job", "module_id", "job_id"),
)

# The objects in details that failed or were warned of, and the next success of each of these: all
# others are only counted.
objects = sa.Table(
    "objects",
    metadata,
    sa.Column("fetch_id", sa.Integer, sa.ForeignKey("details.fetch_id"), primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True),  # in the list
    sa.Column("type", sa.String, nullable=False),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("outcome", sa.String, nullable=False),
    sa.Column("finished_at", Instant),
    sa.Column("cause", sa.String, nullable=False),  # of its comment (`jobs.causes`)
    sa.Column("code", sa.String, nullable=False),
    sa.Column("unread", sa.String, nullable=False),  # field and value of what cannot be read, JSON
)

# Of which time the history of a customer's own tenant lists every job of a module.
told_times = sa.Table(
    "told_times",
    metadata,
    sa.Column("module_id", sa.Integer, sa.ForeignKey("modules.id"), primary_key=True),
    sa.Column("fetch_id", sa.Integer, sa.ForeignKey("fetches.id"), primary_key=True),
    sa.Column("starts_at", Instant, nullable=False),
    sa.Column("ends_at", Instant, nullable=False),
    sa.Index("told_times_by_fetch", "fetch_id"),
)

# What a trend needs of one customer and calendar month of a time zone, so that a year of jobs need
# not be read for each report. Gone as soon as a job of the month may have changed.
tallies = sa.Table(
    "tallies",
    metadata,
    sa.Column("customer_id", sa.String, primary_key=True),
    sa.Column("zone", sa.String, primary_key=True),
    sa.Column("starts_at", Instant, primary_key=True, autoincrement=False),
    sa.Column("ends_at", Instant, primary_key=True, autoincrement=False),
    sa.Column("outcomes", sa.String, nullable=False),  # jobs by outcome, as JSON
    # Sums of sizes by what a GB is, as JSON: they may be larger than 64 bits, or not given.
    sa.Column("bytes", sa.String, nullable=False),
)

# Reports as they were rendered. A new version comes with other figures or another look.
versions = sa.Table(
    "versions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("customer_id", sa.String, nullable=False),
    sa.Column("period", sa.String, nullable=False),  # its label
    sa.Column("number", sa.Integer, nullable=False),  # from 1
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("as_of", Instant, nullable=False),
    sa.Column("program", sa.String, nullable=False),  # its version
    sa.Column("program_sha256", sa.String(64)),  # of its files; missing of 0.1.0
    sa.Column("closed", sa.Boolean, nullable=False),  # what comes later corrects it
    # Of all it was made of: the same basis gives the same files.
    sa.Column("basis", sa.String(64), nullable=False),
    sa.Column("checked", sa.String(64), nullable=False),  # the last basis that changed no figure
    sa.Column("look", sa.String(64), nullable=False),  # of all but what the store holds
    # Of what of this the provider chooses; missing until a program that keeps it has looked at it.
    sa.Column("configuration", sa.String(64)),
    sa.Column("restates", sa.Integer),  # number of the version whose figures it corrects
    sa.Column("figures_sha256", sa.String(64), nullable=False),
    # Of what a later program makes of the very data it was made of, and of that program's files:
    # missing until one has to know, and where that is no longer as good as its own figures.
    sa.Column("redefined_sha256", sa.String(64)),
    sa.Column("redefined_by", sa.String(64)),
    sa.Column("figures", sa.LargeBinary, nullable=False),  # the JSON of the report, zlib
    sa.Column("standing", sa.String, nullable=False),  # what the portfolio shows of it, as JSON
    sa.UniqueConstraint("customer_id", "period", "number"),
)

version_files = sa.Table(
    "version_files",
    metadata,
    sa.Column("version_id", sa.Integer, sa.ForeignKey("versions.id"), primary_key=True),
    sa.Column("path", sa.String, primary_key=True),
    sa.Column("sha256", sa.String(64), nullable=False),
)

# What is to go, of which version of a report, to whom, and how far it has come.
deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("version_id", sa.Integer, sa.ForeignKey("versions.id"), nullable=False),
    sa.Column("channel", sa.String, nullable=False),  # its name
    sa.Column("recipient", sa.String, nullable=False),  # its address
    sa.Column("role", sa.String, nullable=False),  # such as cc, of a message
    sa.Column("state", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    # When it was released last; when it was queued, until then.
    sa.Column("released_at", Instant, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("retry_at", Instant),  # when a failed one is tried again; never without
    sa.Column("message_id", sa.String, nullable=False),
    sa.UniqueConstraint("version_id", "channel", "recipient"),
    sa.Index("deliveries_by_state", "state"),
)

# Every state a delivery was ever in. Only ever added to.
delivery_changes = sa.Table(
    "delivery_changes",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("delivery_id", sa.Integer, sa.ForeignKey("deliveries.id"), nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index("delivery_changes_by_delivery", "delivery_id"),
)
