"""Definitions of objects, and the ids that the standard library's objects carry."""

from . import names, recorder
from .kinds import OK, PROCESS_EXIT

# Attributes of the standard library's objects.
ID = "_contend_id"
FUTURE = "_contend_future"
QUEUE = "_contend_queue"
POOL = "_contend_pool"


def define(what, site, obj=None, **fields):
    """Defines an object that is made at a site; returns its id."""
    number = recorder.new_id()
    describe(number, what, site, obj, **fields)
    return number


def describe(number, what, site, obj=None, **fields):
    """Defines an object whose id is known."""
    name = site.name()
    if not name and obj is not None:
        name = names.searched(obj, names.program())
    recorder.define(ev="obj", id=number, what=what, name=name or what, **dict(site.fields(), **fields))


def shared_id(inode, number=0):
    """Returns the id that a pipe or queue has in all processes, or that of a task which goes through it."""
    return 1 << 63 | (inode & 0xFFFFFFFF) << 24 | number & 0xFFFFFF


def named_id(name):
    """Returns the id that an object with a name of the operating system has in all processes."""
    number = 0xCBF29CE484222325
    for byte in name.encode("utf-8", "replace"):
        number = (number ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return number | 3 << 62


def made_by(obj, part=""):
    """Returns the site where the program makes an object, or None if the standard library makes it for itself."""
    frame = names.maker(obj)
    return None if names.owner_of(frame) is names.STANDARD else names.site(frame, part)


def called_by_program():
    """Says whether the traced call comes from outside of the standard library."""
    return names.owner_of(names.caller()) is not names.STANDARD


def used_by_program():
    """Says whether the traced call uses a lock or condition for code outside of the standard library."""
    return names.owner_of(names.user()) is not names.STANDARD


def remember(obj, what, site, fields=None):
    """Notes how to define an object when it is used for the first time; `fields(obj)` returns the rest."""
    obj.__dict__[ID] = what, site, fields


def id_of(obj):
    """Returns the id of an object of the program, 0 for one of the standard library."""
    found = obj.__dict__.get(ID, 0)
    if type(found) is tuple:
        with recorder.guard():  # Several threads may use it for the first time at once.
            found = obj.__dict__[ID]
            if type(found) is tuple:
                what, site, fields = found
                found = obj.__dict__[ID] = define(what, site, obj, **(fields(obj) if fields else {}))
    return found


def tell_exit(obj, code):
    """Writes how a process ended: its exit code, or the negative number of a signal, as 32 bits."""
    recorder.emit(PROCESS_EXIT, obj, code & 0xFFFFFFFF, OK if code == 0 else 0)
