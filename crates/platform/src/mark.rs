//! A mark in the environment of all that belongs to a run, by which the guardian of a killed program finds who is left.
//!
//! Whose child a process is tells more: nobody can choose that. But it is known only to who is alive, and when somebody
//! kills all of us at once, all that is left of a command is a child of `init`.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::process::{processes, started};

/// The environment variable.
pub(super) const MARK: &str = "CONTEND_RUN";

/// How long those who know best what they have started get to end it, and how long to look for who is left.
const GRACE: Duration = Duration::from_millis(300);
const GONE_WITHIN: Duration = Duration::from_secs(2);

/// How long nobody is to be seen: in the middle of `exec` a process shows no environment.
const QUIET: Duration = Duration::from_millis(100);

/// How long to look away in between: each look reads the environment of every process.
const PAUSE: Duration = Duration::from_millis(5);

/// A mark that no other run has: processes have numbers anew, but none at the same instant.
pub fn new_mark() -> String {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let (us, run) = (std::process::id(), RUNS.fetch_add(1, Ordering::Relaxed));
    format!("{us}-{}-{run}", started(us).unwrap_or(0))
}

/// Ends all processes that have one of these marks, whoever's children they are. The stopped are continued, so that a
/// runner can end what it has started; then all are killed until none is left.
pub(super) fn end_marked(marks: &[String]) {
    let marks: Vec<Vec<u8>> = marks.iter().map(|mark| format!("{MARK}={mark}").into_bytes()).collect();
    let (begun, mut last_seen) = (Instant::now(), Instant::now());
    while last_seen.elapsed() < QUIET && begun.elapsed() < GONE_WITHIN {
        let left: Vec<Pid> = processes().filter(|pid| has(*pid, &marks)).filter_map(pid_of).collect();
        if !left.is_empty() {
            last_seen = Instant::now();
        }
        let signal = if begun.elapsed() < GRACE { Signal::CONT } else { Signal::KILL };
        for pid in left {
            let _ = kill_process(pid, signal);
        }
        sleep(PAUSE);
    }
}

fn has(pid: u32, marks: &[Vec<u8>]) -> bool {
    let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment.split(|byte| *byte == 0).any(|entry| marks.iter().any(|mark| mark == entry))
}

fn pid_of(number: u32) -> Option<Pid> {
    Pid::from_raw(number as i32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn who_has_the_mark_is_ended_and_who_has_another_is_not() {
        let (ours, other) = (new_mark(), new_mark());
        let start = |mark| Command::new("sleep").arg("1000").env(MARK, mark).spawn().expect("a command");
        let (mut meant, mut spared) = (start(&ours), start(&other));
        end_marked(&[ours]);
        assert!(!meant.wait().expect("it was started").success());
        assert_eq!(spared.try_wait().expect("it was started"), None);
        spared.kill().expect("it is still there");
        spared.wait().expect("it was killed");
    }
}
