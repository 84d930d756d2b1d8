//! Runs that must end, and tasks that must all be accounted for.
