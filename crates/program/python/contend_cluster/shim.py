"""Puts the cluster in the place of process pools: installed before the script when `CONTEND_DASK` is set.

`concurrent.futures.ProcessPoolExecutor`, `multiprocessing.Pool` and joblib's parallel calls go to the cluster;
`distributed.Client()` without an address connects to it. Thread pools stay where they are.
"""

import importlib.abc
import importlib.machinery
import os
import sys


def _replace_executor(module):
    from contend_cluster.executor import ClusterExecutor

    module.ProcessPoolExecutor = ClusterExecutor


def _replace_pool(module):
    from contend_cluster.pool import ClusterPool

    def Pool(processes=None, initializer=None, initargs=(), maxtasksperchild=None):
        """A pool whose tasks run on the cluster."""
        return ClusterPool(processes, initializer, initargs, maxtasksperchild)

    module.Pool = Pool
    for context in ("DefaultContext", "SpawnContext", "ForkContext", "ForkServerContext"):
        kind = getattr(module.context, context, None)
        if kind is not None:
            kind.Pool = lambda self, *arguments, **keywords: ClusterPool(*arguments, **keywords)


def _configure_dask(module):
    module.config.set({"scheduler-address": os.environ["CONTEND_DASK"]})


def _use_dask_for_joblib(module):
    from contend_cluster import sending

    sending.client()
    module.parallel_config("dask")


#: Actions right after a module is loaded.
PLACES = {
    "concurrent.futures": lambda module: None,
    "concurrent.futures.process": _replace_executor,
    "multiprocessing": _replace_pool,
    "dask": _configure_dask,
    "joblib": _use_dask_for_joblib,
}


class _After(importlib.abc.MetaPathFinder):
    """Calls the function of `PLACES` after its module is loaded, once."""

    def __init__(self):
        self._busy = set()

    def find_spec(self, name, path=None, target=None):
        if name not in PLACES or name in self._busy:
            return None
        self._busy.add(name)
        try:
            spec = importlib.machinery.PathFinder.find_spec(name, path)
        finally:
            self._busy.discard(name)
        if spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            PLACES[name](module)

        spec.loader.exec_module = exec_module
        return spec


def install():
    """Puts everything in place; modules that are loaded already are changed at once."""
    for name, change in PLACES.items():
        if name in sys.modules:
            change(sys.modules[name])
    sys.meta_path.insert(0, _After())
