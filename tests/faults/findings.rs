//! Findings that must appear, and findings that must not.
