"""From a `Report` and a `Look` to files. Renderers see these two and nothing else."""
