"""Finder that patches a module right after it was imported, so that nothing is imported only for the tracer."""

import sys

from .recorder import fault

# Module of the standard library: module of `hooks` whose `install(module)` patches it.
HOOKS = {
    "threading": "threads",
    "queue": "queues",
    "concurrent.futures._base": "futures",
    "concurrent.futures.thread": "thread_pools",
    "concurrent.futures.process": "process_pools",
    "multiprocessing.process": "processes",
    "multiprocessing.pool": "pools",
    "multiprocessing.synchronize": "semlocks",
    "multiprocessing.queues": "process_queues",
    "multiprocessing.connection": "pipes",
    "multiprocessing.managers": "managers",
    "multiprocessing.shared_memory": "shared_memory",
    "subprocess": "children",
    "asyncio.events": "loops",
    "asyncio.locks": "loop_locks",
    "asyncio.queues": "loop_queues",
}


class Finder:
    """First entry of sys.meta_path: finds as the others do, and lets the loader patch after execution."""

    def find_spec(self, name, path=None, target=None):
        if name not in HOOKS:
            return None
        for finder in sys.meta_path:
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec = find(name, path, target) if find is not None else None
            if spec is not None:
                _patch_when_executed(spec.loader, name)
                return spec
        return None

    def invalidate_caches(self):
        """Has nothing to forget."""


def _patch_when_executed(loader, name):
    execute = getattr(loader, "exec_module", None)
    if execute is None or not hasattr(loader, "__dict__") or isinstance(loader, type):
        return

    def exec_module(module):
        loader.__dict__.pop("exec_module", None)
        execute(module)
        install(name, module)

    loader.exec_module = exec_module


def install(name, module):
    """Patches one module."""
    _installed.add(name)
    try:
        hooks = __import__("contend_trace.hooks." + HOOKS[name], fromlist=["install"])
        hooks.install(module)
    except Exception as error:
        fault("hooks." + HOOKS[name], error)


_finder = Finder()
_installed = set()


def start():
    """Patches the imported modules, and the others when they are imported."""
    sys.meta_path.insert(0, _finder)
    for name in HOOKS:
        module = sys.modules.get(name)
        if module is not None and name not in _installed:
            install(name, module)


def stop():
    """Patches nothing more."""
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
