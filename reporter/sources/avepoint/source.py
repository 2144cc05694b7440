"""One interface to the service, whichever generation of its API the app may use."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, Literal

from reporter.errors import PermissionDenied
from reporter.model import Kind, Reply
from reporter.sources.avepoint import generation1, generation3
from reporter.sources.avepoint.auth import Credential, TokenAuth, TokenRefused
from reporter.sources.avepoint.beside import CustomerByCustomer, Permission, lacks_permission
from reporter.sources.avepoint.client import Client
from reporter.sources.avepoint.details import Details
from reporter.sources.avepoint.generation1 import Generation1
from reporter.sources.avepoint.generation3 import Generation3
from reporter.sources.avepoint.http import Exchange
from reporter.sources.avepoint.listing import Tenants
from reporter.sources.avepoint.subscriptions import Subscriptions
from reporter.sources.interface import CustomerList, JobSource
from reporter.trust import USUAL_TRUST, Trust

logger = logging.getLogger(__name__)

LONGEST_SCOPE: Final = 300
"""In characters; a longer one is refused as if the app registration had not been given it."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where the service is, and who we are there."""

    api_url: str
    token_url: str
    client_id: str
    credential: Credential
    version: Literal["auto", "v1", "v3"] = "auto"
    trust: Trust = USUAL_TRUST


def auth_of(access: Access, exchange: Exchange, *permissions: str) -> TokenAuth:
    """What signs requests that need some permissions, which one token is to have.

    Raises:
        ValueError: they are more than the service takes in one request for a token.
    """
    if (length := len(" ".join(permissions))) > LONGEST_SCOPE:
        raise ValueError(f"a scope of {length} characters, but the service takes {LONGEST_SCOPE}")
    return TokenAuth(exchange, access.token_url, access.client_id, access.credential, permissions)


def open_source(
    access: Access,
    clock: Callable[[], datetime],
    exchange: Exchange,
    received: list[Reply] | None = None,
) -> tuple[JobSource, CustomerList]:
    """The source to fetch from, and the customers it lists; every reply that lists them is added to
    `received`.

    `auto` takes generation 3 where the app registration has its permissions, else generation 1.

    Raises:
        FetchError: the customers cannot be listed.
        ReplyError: what came is no list of customers.
        SettingsError: the authorities that are named cannot be used.
    """

    def client(*permissions: str) -> Client:
        return Client(exchange, auth_of(access, exchange, *permissions), access.api_url, clock)

    def permission(kind: Kind, name: str) -> Permission:
        return Permission(kind, name, client(name), clock)

    one_by_one = CustomerByCustomer(
        permission("subscription", generation1.LICENCES), generation1.subscription
    )
    source: JobSource
    if access.version != "v1":
        protection = CustomerByCustomer(
            permission("protection", generation3.PROTECTED), generation3.protected
        )
        subscription = Subscriptions(
            permission("subscription", generation3.LICENCES), generation3.subscriptions, one_by_one
        )
        tenants: Tenants = {}
        of_users = client(generation3.PROTECTED).without_quotations()
        users = CustomerByCustomer(
            Permission("users", generation3.PROTECTED, of_users, clock),
            partial(generation3.users, tenants),
        )
        jobs = client(generation3.CUSTOMERS, generation3.JOBS)
        of_objects = jobs.without_quotations()
        details = Details(
            Permission("details", generation3.JOBS, of_objects, clock), generation3.details
        )
        source = Generation3(jobs, (protection, subscription, users), tenants, details)
        try:
            return source, source.customers(received)
        except (PermissionDenied, TokenRefused) as error:
            if access.version == "v3" or not lacks_permission(error):
                raise
            logger.info("Generation 3 is not available to this app registration (%s)", error)
    protection = CustomerByCustomer(
        permission("protection", generation1.PROTECTED), generation1.protected
    )
    source = Generation1(client(generation1.CUSTOMERS, generation1.JOBS), (protection, one_by_one))
    return source, source.customers(received)
