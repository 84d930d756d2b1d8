"""Replacing names of the standard library so that a failing hook takes itself out."""

import functools

from .recorder import fault


_hooks = []


class Hook:
    """Names that one hook has replaced; `fail` puts the originals back and writes a fault."""

    def __init__(self, name):
        self.name = name
        self.replaced = []
        self.active = True
        _hooks.append(self)

    def replace(self, owner, attribute, replacement):
        """Sets an attribute of a module or class; one that this Python does not have stays absent."""
        original = owner.__dict__.get(attribute)
        if original is not None:
            self.replaced.append((owner, attribute, original, replacement))
            setattr(owner, attribute, replacement)

    def fail(self, error):
        """Handles an error of the hook. Too little memory or stack is the program's, and passes."""
        if isinstance(error, (RecursionError, MemoryError)):
            return
        self.suspend()
        self.replaced = []
        if self in _hooks:
            _hooks.remove(self)
        fault(self.name, error)

    def suspend(self):
        """Puts the originals back where nobody else has replaced the name since."""
        self.active = False
        for owner, attribute, original, replacement in reversed(self.replaced):
            if owner.__dict__.get(attribute) is replacement:
                setattr(owner, attribute, original)

    def resume(self):
        """Replaces the names again."""
        self.active = True
        for owner, attribute, original, replacement in self.replaced:
            if owner.__dict__.get(attribute) is original:
                setattr(owner, attribute, replacement)


def suspend():
    """Takes all hooks out, the last one first."""
    for hook in reversed(list(_hooks)):
        hook.suspend()


def resume():
    """Puts all hooks in again that `suspend` took out."""
    for hook in list(_hooks):
        hook.resume()


def around(hook, owner, attribute, before, after):
    """Wraps a function: `before(*args)` returns a state that `after(state, result, error)` gets.

    A state of None says that there is nothing to tell afterwards.
    """
    original = owner.__dict__.get(attribute)
    if original is None:
        return

    @functools.wraps(original)
    def traced(*args, **kwargs):
        if not hook.active:
            return original(*args, **kwargs)
        try:
            state = before(*args, **kwargs)
        except Exception as error:
            hook.fail(error)
            state = None
        if state is None:
            return original(*args, **kwargs)
        try:
            result = original(*args, **kwargs)
        except BaseException as error:
            _finish(hook, after, state, None, error)
            raise
        _finish(hook, after, state, result, None)
        return result

    hook.replace(owner, attribute, traced)


def _finish(hook, after, state, result, error):
    try:
        after(state, result, error)
    except Exception as failure:
        hook.fail(failure)


def quietly(hook, function, *args):
    """Calls a function of the tracer; returns None if it fails."""
    try:
        return function(*args)
    except Exception as error:
        hook.fail(error)
        return None


def like(function, original):
    """Gives a replacement the name, module, documentation and signature of the original."""
    return functools.update_wrapper(function, original)
