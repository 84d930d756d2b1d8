"""Starts contend's tracer in every Python process of a traced program.

Python imports this file at its start because its directory comes first in PYTHONPATH. It then runs the
`sitecustomize` that it hides, if there is one.
"""


def _start():
    import os
    import sys

    here = os.path.dirname(os.path.abspath(__file__))
    try:
        from contend_trace import start

        start.start()
    except Exception:
        pass  # A program without a tracer is better than a program that does not start.
    if os.environ.get("CONTEND_DASK"):
        from contend_cluster import shim

        shim.install()
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != here]
    return here


def _run_hidden_sitecustomize(here):
    import os
    import sys
    from _frozen_importlib import module_from_spec
    from _frozen_importlib_external import PathFinder

    places = [entry for entry in sys.path if os.path.abspath(entry) != here]
    spec = PathFinder.find_spec("sitecustomize", places)
    if spec is None or spec.loader is None:
        return
    module = module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


_run_hidden_sitecustomize(_start())
