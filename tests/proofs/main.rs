//! Tests of deadlock and stall verdicts against the truth: from simulators of random and exhaustive programs, and from
//! the kernel.

mod explorer;
mod oracle;
mod verdicts;
