"""Tracer that contend puts into a Python program: pure Python, no dependency, Python 3.8 and later.

`start` begins; `ring` and `recorder` write events into mapped files; `hooks` replaces names of the standard library.
"""
