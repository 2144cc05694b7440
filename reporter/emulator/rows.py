"""Jobs and customers in the words of each generation of the API."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from reporter.emulator.cast import Plan, Profile, Temper, Terms
from reporter.emulator.data import Job, listed_jobs
from reporter.jobs.catalog import MODULE_NAMES, SERVICE_NAMES, STATUS_NAMES

_SERVICE_CODES: Final = {name: code for code, name in SERVICE_NAMES.items()}
_MODULE_CODES: Final = {name: code for code, name in MODULE_NAMES.items()}
_STATUS_CODES: Final = {name: code for code, name in STATUS_NAMES.items()}
_UNLISTED_STATUS: Final = 99

ABSENT: Final = "N/A"

Row = dict[str, Any]


def job_rows(
    seed: int, profile: Profile, now: datetime, listed: timedelta, generation: int
) -> list[Row]:
    """What the service lists of a customer now: jobs, newest first, and modules that never ran."""
    jobs = sorted(
        listed_jobs(seed, profile, now, listed), key=lambda job: (job.started_at, job.job_id)
    )
    rows = [_row(job, now, generation) for job in reversed(jobs)]
    asleep = [plan for plan in profile.plans if plan.temper is Temper.ASLEEP]
    return rows + [_placeholder(plan, generation) for plan in asleep]


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
        row |= {"managementMode": 1, "tenants": [{"id": profile.id, "name": profile.name}]}
    return row


def protected_rows(profile: Profile, generation: int) -> list[Row]:
    """Protected against scanned objects; Microsoft 365 only."""
    rows = [
        _protected(profile, plan)
        for plan in profile.plans
        if plan.service == "Microsoft 365" and plan.module != "Retention"
    ]
    if generation == 3:
        rows = [
            row
            | {
                "serviceType": _SERVICE_CODES[row["serviceType"]],
                "serviceModule": _MODULE_CODES[row["serviceModule"]],
            }
            for row in rows
        ]
    return rows


def _protected(profile: Profile, plan: Plan) -> Row:
    """What is scanned hangs on the size; what is not protected, on how the module fares."""
    scanned = max(int(plan.size_gb * 130), 40)
    share = {Temper.CALM: 1.0, Temper.ASLEEP: 0.0}.get(plan.temper, 0.93)
    size = f"{plan.size_gb * 40:,.1f} GB" if plan.size_gb else "0 GB"
    return {
        "customerId": profile.id,
        "customer": profile.name,
        "serviceType": plan.service,
        "serviceModule": plan.module,
        "totalScannedObjects": ABSENT if plan.module == "Power BI" else scanned,
        "totalProtectedObjects": int(scanned * share),
        "dataSizeStoredInAvePoint": ABSENT if profile.terms.own_storage else size,
        "dataSizeStoredInBYOS": size if profile.terms.own_storage else ABSENT,
    }


def subscription_row(profile: Profile) -> Row:
    """What a customer has bought."""
    services = dict.fromkeys(plan.service for plan in profile.plans)
    return {
        "customerId": profile.id,
        "organization": profile.name,
        "customer": profile.name,
        "tenantId": profile.id,
        "products": [
            _product(profile.terms, service) for service in services if "Scan" not in service
        ],
    }


def _product(terms: Terms, service: str) -> Row:
    by_seats = service in ("Microsoft 365", "Google Workspace")
    return {
        "service": f"Cloud Backup for {service}",
        "subscriptionModel": "User seats" if by_seats else "Capacity",
        "purchasedUserSeats": terms.seats if by_seats else ABSENT,
        "purchasedUnits": ABSENT if by_seats else "12",
        "microsoftLicenseAssigned": terms.assigned if service == "Microsoft 365" else ABSENT,
        "microsoftLicenseAvailable": "300" if service == "Microsoft 365" else ABSENT,
        "purchasedCapacity": terms.capacity,
        "protectedCapacity": terms.used,
        "storage": "Customer's storage" if terms.own_storage else "AvePoint storage",
        "retention": "Retain data for 1 month" if by_seats else "Retain data for 1 year",
        "consumedStorage": ABSENT if terms.own_storage else terms.used,
        "expirationDate": terms.expires_on if by_seats else "2027-09-30",
        "change": ABSENT,
        "source": "Partner",
        "paymentType": "Yearly",
        "subscriptionName": f"{service} backup",
        "package": "Enterprise",
        "contractEndDate": terms.expires_on if by_seats else ABSENT,
    }


def _row(job: Job, now: datetime, generation: int) -> Row:
    running = job.ended_at > now
    row: Row = {
        "jobType": job.plan.service,
        "jobModule": job.plan.module,
        "status": "Running" if running else _printed_status(job),
        "jobId": job.job_id,
        "name": job.name,
        "totalCount": str(job.total),
        "failedCount": "0" if running else str(job.failed),
        "successfulCount": "0" if running else str(job.successful),
        "skippedCount": "0" if running else str(job.skipped),
        "warningCount": "0" if running else str(job.warned),
        "backupSize": "0 GB" if running else _size(job),
        "startTime": _moment(job, job.started_at, generation),
        "endTime": ABSENT if running else _moment(job, job.ended_at, generation),
        "jobDuration": ABSENT if running else _duration(job, generation),
        "lastModifyTime": _moment(job, job.started_at if running else job.ended_at, generation),
    }
    return _coded(row) if generation == 3 else row


def _placeholder(plan: Plan, generation: int) -> Row:
    row: Row = {
        "jobType": plan.service,
        "jobModule": plan.module,
        "status": "Not Finished",
        "jobId": ABSENT,
        "name": ABSENT,
        "totalCount": "0",
        "failedCount": "0",
        "successfulCount": "0",
        "skippedCount": "0",
        "warningCount": "0",
        "backupSize": "0 GB",
        "startTime": ABSENT,
        "endTime": ABSENT,
        "jobDuration": ABSENT,
        "lastModifyTime": ABSENT,
    }
    return _coded(row) if generation == 3 else row


def _coded(row: Row) -> Row:
    """Services, modules and statuses as numbers; the vendor has none for "Not Finished"."""
    status = "None" if row["status"] == "Not Finished" else row["status"]
    return row | {
        "jobType": _SERVICE_CODES[row["jobType"]],
        "jobModule": _MODULE_CODES[row["jobModule"]],
        "status": _STATUS_CODES.get(status.capitalize(), _UNLISTED_STATUS),
    }


def _printed_status(job: Job) -> str:
    """Salesforce prints its statuses in lower case."""
    return job.status.lower() if job.plan.service == "Salesforce" else job.status


def _size(job: Job) -> str:
    """Sizes come rounded, in the unit that suits them."""
    if not job.readable:
        return "n/a GB"
    if job.size_gb >= 1024:
        return f"{job.size_gb / 1024:.2f} TB"
    return f"{job.size_gb:,.1f} GB" if job.size_gb >= 1 else f"{job.size_gb * 1024:.0f} MB"


def _moment(job: Job, moment: datetime, generation: int) -> str:
    """Each service prints times in its own form; generation 3 has one for all."""
    if generation == 1 and job.plan.service == "Google Workspace":
        return f"{moment:%Y-%m-%dT%H:%M:%S}.008+00:00"
    if generation == 1 and job.plan.service == "Dynamics 365":
        hour = moment.hour % 12 or 12
        return f"{moment.month}/{moment.day}/{moment.year} {hour}:{moment:%M:%S %p}"
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _duration(job: Job, generation: int) -> str:
    seconds = int((job.ended_at - job.started_at).total_seconds())
    hours, rest = divmod(seconds, 3600)
    clock = f"{hours % 24:02}:{rest // 60:02}:{rest % 60:02}"
    if generation == 1 and job.plan.service == "Google Workspace":
        return clock
    if generation == 1 and job.plan.service == "IaaS + PaaS":
        return f"{hours // 24}.{clock}" if hours >= 24 else clock
    if generation == 1 and job.plan.service == "Dynamics 365":
        return f"{seconds / 3600:.3f}"
    return f"{hours}h{rest // 60}m{rest % 60}s" if hours else f"{rest // 60}m{rest % 60}s"
