"""From the rows of replies to one typed DataFrame of jobs: the only place that reads values."""
