"""Customers, what is protected of them and what they have bought, in each generation's words."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from reporter.sources.avepoint.emulator.cast import Plan, Profile, SubscriptionTerms, Temper
from reporter.sources.avepoint.emulator.rows import ABSENT, Row, gigabytes
from reporter.sources.avepoint.emulator.runs import growth
from reporter.sources.avepoint.emulator.spellings import MODULE_CODES, in_generation_1, in_overview

_DAYS_KEPT: Final = 40
"""How many ordinary days' data is stored."""
_NO_BACKUPS: Final = (
    "Cloud Governance",
    "EnPower",
    "Insights for Microsoft 365",
    "Policies for Microsoft 365",
    "MyHub",
    "Opus",
    "Fly",
    "ReCenter",
)
"""Other products of the vendor's; two of three that are bought."""


def customer_row(profile: Profile, generation: int) -> Row:
    """A customer in the list of customers."""
    row: Row = {
        "id": profile.id,
        "organization": profile.name,
        "ownerEmail": profile.owner,
        "jobStatus": "Working" if generation == 1 else 1,
        "countryOrRegion": profile.country,
    }
    if generation == 3:
        tenants = [{"id": tenant_id, "name": name} for tenant_id, name in profile.tenants.items()]
        row |= {"managementMode": 1, "tenants": tenants}
    return row


def protected_rows(profile: Profile, now: datetime, generation: int) -> list[Row]:
    """Protected against scanned objects; Microsoft 365 only, by module."""
    plans = [
        plan
        for plan in profile.plans
        if plan.service == "Microsoft 365" and plan.module != "Retention" and plan.there_at(now)
    ]
    return [
        _protected(profile, plan, now, generation)
        for plan in sorted(plans, key=lambda plan: MODULE_CODES[plan.module])
    ]


def subscription_row(profile: Profile, generation: int) -> Row:
    """What a customer has bought; generation 3 lists products that are no backup as well."""
    services = dict.fromkeys(plan.service for plan in profile.plans)
    products = [_backup(profile.terms, service, generation) for service in services]
    if generation == 3:
        others = [_NO_BACKUPS[n % len(_NO_BACKUPS)] for n in range(2 * len(products))]
        products += [_no_backup(profile.terms, name) for name in others]
    return {
        "customerId": profile.id,
        "organization": profile.name,
        "customer": profile.name,
        "tenantId": profile.id,
        "products": products,
    }


def _protected(profile: Profile, plan: Plan, now: datetime, generation: int) -> Row:
    """What is stored grows daily; what is not protected depends on how the module fares."""
    service, module = (
        in_overview(plan.module) if generation == 3 else in_generation_1(plan.service, plan.module)
    )
    silent = plan.temper in (Temper.ASLEEP, Temper.IDLE, Temper.EMPTY)
    scale = growth(min(now, plan.off_at) if plan.off_at else now)
    scanned = 0 if silent else max(int(plan.size_gb * 130 * scale), 40)
    share = 1.0 if plan.temper is Temper.CALM else 0.93
    size = "0 GB" if silent else gigabytes(plan.size_gb * _DAYS_KEPT * scale)
    return {
        "customerId": profile.id,
        "customer": profile.name,
        "serviceType": service,
        "serviceModule": module,
        "totalScannedObjects": ABSENT if plan.module == "Power BI" else scanned,
        "totalProtectedObjects": int(scanned * share),
        "dataSizeStoredInAvePoint": ABSENT if profile.terms.own_storage else size,
        "dataSizeStoredInBYOS": size if profile.terms.own_storage else ABSENT,
    }


def _backup(terms: SubscriptionTerms, service: str, generation: int) -> Row:
    by_seats = service in ("Microsoft 365", "Google Workspace")
    used_of_bought = generation == 3 and service == "Salesforce"
    return {
        "service": f"Cloud Backup for {service}",
        "subscriptionModel": "User seats" if by_seats else "Capacity",
        "purchasedUserSeats": terms.seats if by_seats else ABSENT,
        "purchasedUnits": ABSENT if by_seats else "12",
        "microsoftLicenseAssigned": terms.assigned if service == "Microsoft 365" else ABSENT,
        "microsoftLicenseAvailable": "300" if service == "Microsoft 365" else ABSENT,
        "purchasedCapacity": "0/1 GB" if used_of_bought else terms.capacity,
        "protectedCapacity": ABSENT if used_of_bought else terms.used,
        "storage": "Customer's storage" if terms.own_storage else "AvePoint storage",
        "retention": "Retain data for 1 month" if by_seats else "Retain data for 1 year",
        "consumedStorage": ABSENT if terms.own_storage or used_of_bought else terms.used,
        "expirationDate": _day(terms.expires_on if by_seats else "2027-09-30", generation),
        "change": ABSENT,
        "source": "Partner",
        "paymentType": "Yearly",
        "subscriptionName": f"{service} backup",
        "package": "Enterprise",
        "contractEndDate": _day(terms.expires_on, generation) if by_seats else ABSENT,
    }


def _no_backup(terms: SubscriptionTerms, name: str) -> Row:
    return {
        "service": name,
        "subscriptionModel": "User seats",
        "purchasedUserSeats": terms.seats,
        "purchasedUnits": ABSENT,
        "microsoftLicenseAssigned": ABSENT,
        "microsoftLicenseAvailable": ABSENT,
        "purchasedCapacity": "0/1 GB",
        "protectedCapacity": ABSENT,
        "storage": ABSENT,
        "retention": ABSENT,
        "consumedStorage": ABSENT,
        "expirationDate": _day("2026-12-31", 3),
        "change": ABSENT,
        "source": "Partner",
        "paymentType": "Monthly",
        "subscriptionName": name,
        "package": "Standard",
        "contractEndDate": ABSENT,
    }


def _day(text: str, generation: int) -> str:
    """A day as the generation prints it; what is no day stays as it is."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return f"{day:%m-%d-%Y}T12:00:00Z" if generation == 3 else text
