//! A tag in the environment of all processes of a run, by which the guardian of a killed program finds those that are
//! left.
//!
//! The parent of a process would be more reliable, since a process cannot choose it. But if all of contend is killed at
//! once, the remaining processes of a command are children of `init`.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::process::{KILL_TIMEOUT, is_in_exec, process_start_time, processes};

/// The environment variable.
pub(super) const TAG_VAR: &str = "CONTEND_RUN";

/// How long a runner gets to end what it started.
const GRACE: Duration = Duration::from_millis(300);

/// How long no tagged process may be found before the search ends. The end of a parent and the first moments of its
/// child lie in between.
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
        let (mut left, mut undecided) = (Vec::new(), false);
        for pid in processes() {
            match tag_state(pid, &tags) {
                TagState::Tagged => left.extend(pid_of(pid)),
                TagState::InExec => undecided = true,
                TagState::Other => {}
            }
        }
        if undecided || !left.is_empty() {
            last_seen = Instant::now();
        }
        let signal = if started.elapsed() < GRACE { Signal::CONT } else { Signal::KILL };
        for pid in left {
            let _ = kill_process(pid, signal);
        }
        sleep(POLL_INTERVAL);
    }
}

/// What the environment of a process shows about its tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TagState {
    Tagged,
    Other,
    /// It is in the middle of `exec` and has no environment yet. On a busy machine that may take long.
    InExec,
}

fn tag_state(pid: u32, tags: &[Vec<u8>]) -> TagState {
    match std::fs::read(format!("/proc/{pid}/environ")) {
        Ok(environment) if environment.is_empty() => {
            if is_in_exec(pid) {
                TagState::InExec
            } else {
                TagState::Other
            }
        }
        Ok(environment) => {
            let has_tag = environment.split(|byte| *byte == 0).any(|entry| tags.iter().any(|tag| tag == entry));
            if has_tag { TagState::Tagged } else { TagState::Other }
        }
        Err(_) => TagState::Other, // gone, or of another user
    }
}

fn pid_of(number: u32) -> Option<Pid> {
    Pid::from_raw(number as i32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    use rustix::process::{WaitId, WaitIdOptions, waitid};

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

    /// A search must not wait for processes that will never have an environment.
    #[test]
    fn process_without_environment_is_not_in_exec() {
        let mut bare = Command::new("sleep").arg("1000").env_clear().spawn().expect("a command");
        let mut dead = Command::new("true").spawn().expect("a command");
        let pid = |child: &std::process::Child| Pid::from_raw(child.id() as i32).expect("a number above 0");
        let unreaped = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(pid(&dead)), unreaped).expect("it ends");
        let until = Instant::now() + Duration::from_mins(1);
        while tag_state(bare.id(), &[]) != TagState::Other {
            assert!(Instant::now() < until, "it takes its environment for one that is still to come");
            sleep(POLL_INTERVAL);
        }
        assert_eq!(tag_state(dead.id(), &[]), TagState::Other);
        assert_eq!(tag_state(2, &[]), TagState::Other, "a thread of the kernel, or none");
        assert_eq!(tag_state(std::process::id(), &[]), TagState::Other);
        bare.kill().expect("it is still there");
        bare.wait().expect("it was killed");
        dead.wait().expect("it has ended");
    }
}
