//! Places in the program where a test can have a process stopped or killed, since no test could be so quick from outside:
//! `CONTEND_FAULT=stop@PLACE` or `kill@PLACE`. In a release there are none.

use std::sync::LazyLock;

use rustix::process::{Signal, getpid, kill_process};

/// What is asked for, and where.
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

/// What a process gets that comes by a place.
pub(super) fn signal_at(place: &str) -> Option<Signal> {
    let fault = if cfg!(debug_assertions) { FAULT.as_ref() } else { None };
    fault.filter(|(_, at)| at == place).map(|(signal, _)| *signal)
}

/// Comes by a place.
#[inline]
pub fn come_by(place: &str) {
    signal_at(place).into_iter().for_each(take);
}

/// Gets a signal. Only a system call: also between fork and exec.
pub(super) fn take(signal: Signal) {
    let _ = kill_process(getpid(), signal);
}
