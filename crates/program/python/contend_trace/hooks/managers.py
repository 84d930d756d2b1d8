"""`multiprocessing.managers`: calls through proxies, which the manager's process answers."""

from .. import names, objects, recorder
from ..kinds import OK, RPC_BEGIN, RPC_END
from ..patches import Hook, around
from ..recorder import begin_wait, end_wait

_methods = {}


def install(managers):
    """Patches `multiprocessing.managers.BaseProxy`."""
    hook = Hook("multiprocessing.Manager")
    around(hook, managers.BaseProxy, "_callmethod", _before, _after)


def _before(proxy, methodname, args=(), kwds={}):
    token = proxy._token
    key = token.id, methodname
    obj = _methods.get(key)
    if obj is None or obj >> 40 != recorder.process_id >> 40:
        frame = names.program()
        obj = _methods[key] = recorder.new_id()
        shared = objects.named_id("%s %s" % (token.address, token.id))
        fields = names.site(frame).fields()
        recorder.define(ev="obj", id=obj, what="rpc", name="%s.%s" % (token.typeid, methodname), of=shared, **fields)
    begin_wait(RPC_BEGIN, obj, 0, 0)
    return obj


def _after(obj, result, error):
    end_wait(RPC_END, obj, 0, OK if error is None else 0)
