"""Hooks: one module for each module of the standard library, with `install(module)`."""
