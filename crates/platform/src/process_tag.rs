//! A tag in the environment of all processes of a run, by which the guardian of a killed program finds those that are
//! left.
//!
//! The parent of a process would be more reliable, since a process cannot choose it. But if all of contend is killed at
//! once, the remaining processes of a command are children of `init`.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::process::{process_start_time, processes};

/// The environment variable.
pub(super) const TAG_VAR: &str = "CONTEND_RUN";

/// How long a runner gets to end what it started, and how long to look for processes that are left.
const GRACE: Duration = Duration::from_millis(300);
const KILL_TIMEOUT: Duration = Duration::from_secs(2);

/// How long no tagged process may be found before the search ends: in the middle of `exec` a process has no
/// environment.
const QUIET_PERIOD: Duration = Duration::from_millis(100);

/// Time between two searches, each of which reads the environment of every process.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// Returns a tag that no other run has: process numbers are reused, but not with the same start time.
pub fn new_process_tag() -> String {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let (pid, run) = (std::process::id(), RUNS.fetch_add(1, Ordering::Relaxed));
    format!("{pid}-{}-{run}", process_start_time(pid).unwrap_or(0))
}

/// Ends all processes that have one of these tags, whatever their parents. First continues stopped ones, so that a
/// runner can end what it has started; then kills all until none is left.
pub(super) fn kill_tagged(tags: &[String]) {
    let tags: Vec<Vec<u8>> = tags.iter().map(|tag| format!("{TAG_VAR}={tag}").into_bytes()).collect();
    let (started, mut last_seen) = (Instant::now(), Instant::now());
    while last_seen.elapsed() < QUIET_PERIOD && started.elapsed() < KILL_TIMEOUT {
        let left: Vec<Pid> = processes().filter(|pid| has_tag(*pid, &tags)).filter_map(pid_of).collect();
        if !left.is_empty() {
            last_seen = Instant::now();
        }
        let signal = if started.elapsed() < GRACE { Signal::CONT } else { Signal::KILL };
        for pid in left {
            let _ = kill_process(pid, signal);
        }
        sleep(POLL_INTERVAL);
    }
}

fn has_tag(pid: u32, tags: &[Vec<u8>]) -> bool {
    let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment.split(|byte| *byte == 0).any(|entry| tags.iter().any(|tag| tag == entry))
}

fn pid_of(number: u32) -> Option<Pid> {
    Pid::from_raw(number as i32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn only_processes_with_the_tag_are_killed() {
        let (ours, other) = (new_process_tag(), new_process_tag());
        let start = |tag| Command::new("sleep").arg("1000").env(TAG_VAR, tag).spawn().expect("a command");
        let (mut tagged, mut other_run) = (start(&ours), start(&other));
        kill_tagged(&[ours]);
        assert!(!tagged.wait().expect("it was started").success());
        assert_eq!(other_run.try_wait().expect("it was started"), None);
        other_run.kill().expect("it is still there");
        other_run.wait().expect("it was killed");
    }
}
