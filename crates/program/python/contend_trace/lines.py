"""NDJSON lines, written without the json module, which the program may not have imported."""

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
LONGEST = 300


def encode(fields):
    """Encodes a definition: strings, numbers, booleans and lists of them. None is left out."""
    parts = ['"%s":%s' % (key, _value(value)) for key, value in fields.items() if value is not None]
    return ("{%s}\n" % ",".join(parts)).encode("ascii")


def _value(value):
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int):
        return "%d" % value
    if isinstance(value, (list, tuple)):
        return "[%s]" % ",".join(map(_value, value))
    return _string(str(value))


def _string(value):
    if len(value) > LONGEST:
        value = value[:LONGEST] + "\u2026"
    if value.isascii() and value.isprintable() and '"' not in value and "\\" not in value:
        return '"%s"' % value
    return '"%s"' % "".join(map(_character, value))


def _character(character):
    if character in _ESCAPES:
        return _ESCAPES[character]
    code = ord(character)
    if 32 <= code < 127:
        return character
    if code > 0xFFFF:
        code -= 0x10000
        return "\\u%04x\\u%04x" % (0xD800 + (code >> 10), 0xDC00 + (code & 0x3FF))
    return "\\u%04x" % code
