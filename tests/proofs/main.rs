//! Tests of deadlock and stall verdicts against the truth: from simulators of random and exhaustive programs, and from
//! the kernel.

#[path = "../support/late_start.rs"]
mod late_start;

mod explorer;
mod oracle;
#[path = "../support/seeds.rs"]
mod seeds;
mod verdicts;
#[path = "../support/whole.rs"]
mod whole;
