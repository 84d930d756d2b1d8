//! Signals that ask the program to end, delivered through a channel.

use std::io;
use std::process::exit;
use std::thread;

use crossbeam_channel::{Receiver, bounded};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Returns a channel that delivers the first signal, so that the report so far can be printed. A second signal ends the
/// program at once.
pub(super) fn listen_for_signals() -> io::Result<Receiver<i32>> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    let (sender, receiver) = bounded(1);
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let mut is_delivered = false;
        for signal in signals.forever() {
            if is_delivered || sender.send(signal).is_err() {
                exit(128 + signal);
            }
            is_delivered = true;
        }
    })?;
    Ok(receiver)
}
