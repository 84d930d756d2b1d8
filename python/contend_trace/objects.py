"""Definitions of objects, and the ids that the standard library's objects carry."""

from . import names, recorder

ID = "_contend_id"


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


def made_by(obj, part=""):
    """Returns the site where the program makes an object, or None if the standard library makes it for itself."""
    frame = names.maker(obj)
    return None if names.owner_of(frame) is names.STANDARD else names.site(frame, part)


def called_by_program():
    """Says whether the traced call comes from outside of the standard library."""
    return names.owner_of(names.caller()) is not names.STANDARD


def remember(obj, what, site, fields=dict):
    """Notes how to define an object when it is used for the first time; `fields()` returns the rest."""
    obj.__dict__[ID] = what, site, fields


def id_of(obj):
    """Returns the id of an object of the program, 0 for one of the standard library."""
    found = obj.__dict__.get(ID, 0)
    if type(found) is tuple:
        what, site, fields = found
        found = obj.__dict__[ID] = define(what, site, obj, **fields())
    return found
