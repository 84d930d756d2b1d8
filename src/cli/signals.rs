//! Signals that ask the program to end, as messages.

use std::io;
use std::process::exit;
use std::thread;

use crossbeam_channel::{Receiver, bounded};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// The first signal arrives as a message, so that the report so far can be printed; the second ends the program at once.
pub(super) fn listen_for_signals() -> io::Result<Receiver<i32>> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    let (sender, receiver) = bounded(1);
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let mut told = false;
        for signal in signals.forever() {
            if told || sender.send(signal).is_err() {
                exit(128 + signal);
            }
            told = true;
        }
    })?;
    Ok(receiver)
}
