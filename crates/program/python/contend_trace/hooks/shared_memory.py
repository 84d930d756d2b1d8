"""`multiprocessing.shared_memory`: blocks of shared memory, as names."""

from .. import objects
from ..patches import Hook, around


def install(module):
    """Patches `multiprocessing.shared_memory.SharedMemory`."""
    hook = Hook("multiprocessing.shared_memory")

    def after(block, result, error):
        site = objects.made_by(block) if error is None else None
        if site is not None:
            objects.describe(objects.named_id(block.name), "shared memory", site, block, size=block.size)

    around(hook, module.SharedMemory, "__init__", lambda self, *args, **kwargs: self, after)
