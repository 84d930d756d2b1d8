"""Names of objects, from the source line that makes them, and whose objects they are."""

import os
import sys
from itertools import count

from . import source

STANDARD, LIBRARY, USER, TRACER = "std", "lib", "user", "tracer"
_TRACERS = (os.path.dirname(os.path.abspath(__file__)) + os.sep,)
_STANDARD = os.path.dirname(os.path.abspath(os.__file__))
_MOST_SITES = 20000

_owners = {}
_sites = {}


def owner_of(frame):
    """Says whose code a frame runs: the standard library's, a library's or the user's."""
    filename = frame.f_code.co_filename
    try:
        return _owners[filename]
    except KeyError:
        if len(_owners) > _MOST_SITES:
            _owners.clear()
        owner = _owners[filename] = _owner(filename, frame)
        return owner


def _owner(filename, frame):
    if filename.startswith("<"):
        if filename.startswith("<frozen"):
            return STANDARD
        home = sys.modules.get(frame.f_globals.get("__name__"))
        filename = getattr(home, "__file__", None) or ""
    path = os.path.abspath(filename)
    if path.startswith(_TRACERS):
        return TRACER
    if "site-packages" in path or "dist-packages" in path:
        return LIBRARY
    # CPython's own tests are programs that somebody runs, though they lie in the standard library.
    if path.startswith(_STANDARD + os.sep) and not path.startswith(_STANDARD + os.sep + "test" + os.sep):
        return STANDARD
    return USER


def add_tracer(directory):
    """Notes one more directory that parts of the tracer come from."""
    global _TRACERS
    _TRACERS += (directory + os.sep,)


def is_user_file(filename):
    """Says whether a file of source belongs to the user."""
    path = os.path.abspath(filename)
    return not path.startswith(_TRACERS + (_STANDARD,)) and "site-packages" not in path


class Site:
    """Place in a program that makes objects of one kind."""

    __slots__ = ("code", "line", "last", "owner", "of", "numbers", "label", "many", "part")

    def __init__(self, frame, owner, part):
        self.part = part
        self.code = frame.f_code
        self.line = frame.f_lineno
        self.last = frame.f_lasti
        self.owner = owner
        self.of = _class_of(frame)
        self.numbers = count()
        source.seen(self.code, self.line, self.last)
        self.label = None
        self.many = False

    def name(self):
        """Returns the name of the next object that is made here; the second `Account.lock` gets a number."""
        if self.label is None:
            self.label, self.many = source.label(self.code, self.line, self.last, self.of)
            self.label += self.part if self.label else ""
        number = next(self.numbers)
        if self.many:
            return "%s[%d]" % (self.label, number)
        return self.label if not number or not self.label else "%s #%d" % (self.label, number + 1)

    def fields(self):
        """Returns the fields of a definition that say where the object is made."""
        return dict(
            site="%s:%d" % (os.path.basename(self.code.co_filename), self.line),
            fn=self.code.co_name,
            scope="user" if self.owner is USER else "lib")


def _class_of(frame):
    """Returns the name of the class whose method or body a frame runs, or None."""
    code = frame.f_code
    qualified = getattr(code, "co_qualname", None)
    if not code.co_flags & 1:  # Body of a module or class: no fast locals.
        return code.co_name if "__qualname__" in frame.f_locals else None
    if qualified is not None:
        parts = qualified.split(".")
        return parts[-2] if len(parts) > 1 and parts[-2] != "<locals>" else None
    if code.co_varnames[:1] == ("self",) and code.co_argcount:
        return type(frame.f_locals.get("self")).__name__
    return None


def site(frame, part=""):
    """Returns the site of the call that a frame makes at present; `part` names a part of the new object."""
    key = (id(frame.f_code), frame.f_lasti, part)
    found = _sites.get(key)
    if found is None or found.code is not frame.f_code:
        if len(_sites) > _MOST_SITES:
            _sites.clear()
        found = _sites[key] = Site(frame, owner_of(frame), part)
    return found


def caller():
    """Returns the frame that called the tracer."""
    frame = sys._getframe(1)
    while frame.f_back is not None and owner_of(frame) is TRACER:
        frame = frame.f_back
    return frame


def program():
    """Returns the innermost frame outside of the standard library; the outermost one if there is none."""
    frame = sys._getframe(1)
    while frame.f_back is not None and owner_of(frame) in (TRACER, STANDARD):
        frame = frame.f_back
    return frame


def maker(made):
    """Returns the frame that makes an object: outside of the constructors of the object's classes."""
    frame = caller()
    while frame.f_back is not None and (_constructs(frame, made) or frame.f_globals.get("__name__") in _PASSING_ON):
        frame = frame.f_back
    return frame


# Modules whose functions only pass a constructor's arguments on.
_PASSING_ON = ("multiprocessing.context", "multiprocessing.sharedctypes", "contextlib")


def user():
    """Returns the frame that uses a lock or condition, perhaps by way of a method that only passes the call on."""
    frame = caller()
    while frame.f_back is not None and _passes_on(frame):
        frame = frame.f_back
    return frame


def _passes_on(frame):
    module = frame.f_globals.get("__name__")
    if module == "multiprocessing.synchronize":
        return frame.f_code.co_name in ("__enter__", "__exit__", "wait_for", "notify_all")
    return module == "multiprocessing.sharedctypes"


def _constructs(frame, made):
    code = frame.f_code
    return code.co_name == "__init__" and code.co_argcount and frame.f_locals.get(code.co_varnames[0]) is made


def searched(obj, frame):
    """Looks for an object that the source does not name in the variables of a frame that uses it."""
    places = [(None, frame.f_locals), (None, frame.f_globals)]
    owner = frame.f_locals.get("self")
    if owner is not None:
        places.insert(0, (type(owner).__name__, getattr(owner, "__dict__", {})))
    for prefix, variables in places:
        for name, value in list(variables.items())[:500]:
            if value is obj and isinstance(name, str):
                return "%s.%s" % (prefix, name) if prefix else name
    return None
