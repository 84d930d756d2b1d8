"""Reads from a source line the name of the object that it makes."""

import sys

_OPEN, _CLOSE = "([{", ")]}"
_LINES_BACK = 12
_COLLECTING = (".append(", ".add(", ".put(", ".insert(", ".appendleft(", ".setdefault(")
_files = {}
_calls = {}


def seen(code, line, last):
    """Counts the calls of a line that were seen before this one; Python knows columns only since 3.11."""
    calls = _calls.setdefault((id(code), line), [])
    if last not in calls:
        calls.append(last)
        calls.sort()
    return calls.index(last)


def label(code, line, last, owner):
    """Returns the name of what a call assigns to, and whether it makes a collection of objects."""
    lines = _lines(code.co_filename)
    if lines is None or not 0 < line <= len(lines):
        return _fallback(owner), False
    column = _column(code, last, lines, line)
    found = None
    for first in range(line, max(0, line - _LINES_BACK), -1):
        before = "".join(text + "\n" for text in lines[first - 1 : line - 1])
        if first < line and _depth(before) <= 0:
            continue
        found = _target(before + lines[line - 1], len(before) + (column or 0), column is not None, code, line, last)
        if found is not None:
            break
    if found is None:
        return _fallback(owner), False
    name, many = found
    if name.startswith(("self.", "cls.")):
        name = (owner + name[name.index("."):]) if owner else name
    elif owner and not code.co_flags & 1 and owner == code.co_name:
        name = "%s.%s" % (owner, name)
    return name, many


def _fallback(owner):
    return owner if owner and not owner.startswith("<") else ""


def _lines(filename):
    try:
        return _files[filename]
    except KeyError:
        pass
    lines = None
    try:
        with open(filename, "rb") as file:
            lines = file.read(4 << 20).decode("utf-8", "replace").splitlines()
    except (OSError, ValueError):
        pass
    if len(_files) > 30:
        _files.clear()
    _files[filename] = lines
    return lines


def _column(code, last, lines, line):
    """Returns the column of the call, which Python knows since 3.11."""
    if sys.version_info < (3, 11):
        return None
    position = next((p for i, p in enumerate(code.co_positions()) if i == last // 2), None)
    if position is None or position[2] is None or position[0] != line:
        return None
    return len(lines[line - 1].encode("utf-8")[: position[2]].decode("utf-8", "replace"))


def _target(text, column, exact, code, line, last):
    ordinal = seen(code, line, last)
    start, end = _statement(text, column, exact, ordinal)
    statement, column = text[start:end], column - start
    equals = _assignments(statement)
    managed = _managed(statement, column if exact else 0)
    if managed is not None:
        return managed, False
    if equals and (not exact or equals[0] < column):
        return _assigned(statement, equals, column, exact, ordinal)
    if not exact:
        return _collected(statement)
    return _keyword(statement[:column]) or _collected(statement[:column])


def _managed(statement, column):
    """Returns the name that a `with` statement gives to what the call makes."""
    if not statement.lstrip().startswith(("with ", "async with ")):
        return None
    for index, _ in _top_level(statement, " "):
        if index >= column and statement.startswith(" as ", index):
            return _variable(statement[index + 4 :].split(",")[0].strip(" ():"))
    return None


def _statement(text, column, exact, ordinal):
    """Returns the bounds of the statement that holds a column; several may share a line."""
    cuts = [0] + [i + 1 for i, _ in _top_level(text, ";")] + [len(text) + 1]
    if not exact:
        calls = [(a, b - 1) for a, b in zip(cuts, cuts[1:]) if _assignments(text[a : b - 1])]
        return calls[ordinal] if len(cuts) > 2 and ordinal < len(calls) else (0, len(text))
    for start, end in zip(cuts, cuts[1:]):
        if start <= column < end:
            return start, end - 1
    return 0, len(text)


def _top_level(text, wanted):
    """Yields the places of wanted characters outside of brackets and strings."""
    depth, quote, skip = 0, None, False
    for index, character in enumerate(text):
        if skip:
            skip = False
        elif quote:
            if character == "\\":
                skip = True
            elif character == quote:
                quote = None
        elif character in "'\"":
            quote = character
        elif character == "#":
            return
        elif character in _OPEN:
            depth += 1
        elif character in _CLOSE:
            depth -= 1
        elif depth == 0 and character in wanted:
            yield index, character


def _assignments(text):
    """Returns the places of `=` that assign; none if the line begins within brackets."""
    return [i for i, _ in _top_level(text, "=")
            if text[i + 1 : i + 2] != "=" and text[i - 1 : i] not in tuple("=!<>+-*/%&|^:@")]


def _assigned(statement, equals, column, exact, ordinal):
    target = statement[: equals[0]].strip()
    value_at = equals[-1] + 1
    value = statement[value_at:]
    annotation = next((i for i, _ in _top_level(target, ":")), None)
    if annotation is not None:
        target = target[:annotation].strip()
    targets = [part.strip() for part in _split(target)]
    if len(targets) > 1:
        before = value[: max(0, column - value_at)]
        index = len(_split(before)) - 1 if exact else ordinal
        target = targets[index] if index < len(targets) else targets[-1]
    inner = _keyword(statement[:column]) if exact else None
    if inner is not None:
        return inner
    simple = _variable(target)
    if simple is None:
        return None
    stripped = value.strip()
    many = len(targets) == 1 and (stripped[:1] in ("[", "{", "(") and stripped[:1] != "" or " for " in value)
    return simple, many


def _split(text):
    cuts = [-1] + [i for i, _ in _top_level(text, ",")] + [len(text)]
    return [text[a + 1 : b] for a, b in zip(cuts, cuts[1:])]


def _variable(text):
    """Returns a variable or attribute as it is written, subscripts included; else None."""
    base = text.split("[", 1)[0]
    if base and all(part.isidentifier() for part in base.split(".")):
        return text.replace("\n", " ")
    return None


def _keyword(before):
    """Name of the keyword argument or dictionary key that the call is the value of."""
    before = before.rstrip()
    if before.endswith("=") and before[-2:-1] not in tuple("=!<>"):
        name = _last_word(before[:-1].rstrip())
        if name.isidentifier() and _depth(before) > 0:
            return name, False
    if before.endswith(":") and before[-2:-1] in ("'", '"'):
        quote = before[-2]
        start = before.rfind(quote, 0, -2)
        if start >= 0:
            return before[start + 1 : -2], False
    return None


def _depth(text):
    return sum(text.count(c) for c in _OPEN) - sum(text.count(c) for c in _CLOSE)


def _collected(text):
    """Names the elements of a collection after the collection."""
    for word in _COLLECTING:
        at = text.rfind(word)
        if at > 0:
            name = _last_word(text[:at])
            if name and all(part.isidentifier() for part in name.split(".")):
                return name, True
    return None


def _last_word(text):
    start = len(text)
    while start and (text[start - 1].isalnum() or text[start - 1] in "_."):
        start -= 1
    return text[start:]
