"""Clusters of Dask: a driver that watches one, and what puts it in the place of process pools."""
