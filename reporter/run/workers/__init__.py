"""Tasks on several processes at once, of this machine or of a Dask cluster."""

from __future__ import annotations

from reporter.errors import SettingsError
from reporter.extras import how_to_add
from reporter.run.workers.processes import Processes
from reporter.run.workers.tasks import MEMORY_HINT, Crew, First, WorkerDied, run_tasks

__all__ = ["MEMORY_HINT", "Crew", "First", "Processes", "WorkerDied", "crew_of", "run_tasks"]


def crew_of(workers: int, scheduler: str, first: First) -> Crew:
    """So many processes of this machine, or those of the cluster where a scheduler is named.

    Raises:
        SettingsError: the program is installed without what a cluster takes.
    """
    if not scheduler:
        return Processes(workers, first)
    try:
        # Only here: hardly anybody has a cluster, and it takes half a second.
        from reporter.run.workers.cluster import Cluster
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"`scheduler` in [execution] needs the package {error.name}, which is not installed.",
            hint=how_to_add("distributed"),
        ) from error
    return Cluster(scheduler, first)
