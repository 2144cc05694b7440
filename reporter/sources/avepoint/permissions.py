"""The permissions an app registration can have, and what each is for."""

from __future__ import annotations

from typing import Final

from reporter.sources.avepoint import generation1, generation3

PERMISSIONS: Final = {
    generation3.CUSTOMERS: "customers (generation 3)",
    generation3.JOBS: "jobs (generation 3)",
    generation3.PROTECTED: "protected data and users (generation 3)",
    generation3.LICENCES: "subscriptions (generation 3)",
    generation1.CUSTOMERS: "customers (generation 1)",
    generation1.JOBS: "jobs (generation 1)",
    generation1.PROTECTED: "protected data (generation 1)",
    generation1.LICENCES: "subscriptions (generation 1, or where generation 3 has none)",
}
