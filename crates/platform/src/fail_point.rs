//! Fail points: named places in the code where a test can stop or kill the process, too precise to hit from outside.
//!
//! `CONTEND_FAULT=stop@PLACE` or `kill@PLACE` selects one. Only in debug builds.

use std::sync::LazyLock;

use rustix::process::{Signal, getpid, kill_process};

/// The requested signal, and the name of its place.
static FAULT: LazyLock<Option<(Signal, String)>> = LazyLock::new(|| {
    let fault = std::env::var("CONTEND_FAULT").ok()?;
    let (what, place) = fault.split_once('@')?;
    let signal = match what {
        "stop" => Signal::STOP,
        "kill" => Signal::KILL,
        _ => return None,
    };
    Some((signal, place.to_owned()))
});

/// Returns the signal that a process gets at a place.
pub(super) fn signal_at(place: &str) -> Option<Signal> {
    let fault = if cfg!(debug_assertions) { FAULT.as_ref() } else { None };
    fault.filter(|(_, at)| at == place).map(|(signal, _)| *signal)
}

/// Stops or kills the process if a test asks for it at this place.
#[inline]
pub fn hit_fail_point(place: &str) {
    signal_at(place).into_iter().for_each(raise_signal);
}

/// Sends a signal to this process. A single system call, safe between fork and exec.
pub(super) fn raise_signal(signal: Signal) {
    let _ = kill_process(getpid(), signal);
}
