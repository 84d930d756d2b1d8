//! Verdicts against the truth: random and exhaustive programs, and what the kernel and the locks themselves report.

mod explorer;
mod oracle;
mod verdicts;
