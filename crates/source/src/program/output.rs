//! The output of a program: forwarded as it comes, and line by line to the log of the run.

use std::fs::File;
use std::io::Read;

use crossbeam_channel::Sender;

use contend_scenario::sanitize;
use contend_trace::{Message, Notice, Span, Stamp};

/// Gets the output as it comes.
pub type OutputEcho = Box<dyn FnMut(&[u8]) + Send>;

/// The longest line of the log, in bytes. The rest is cut.
const LONGEST_LINE: usize = 4096;
/// The most lines of the log in a period. The log keeps fewer anyway; what comes faster is not sent.
const MAX_LINES: u32 = 200;
const PERIOD: Span = Span::from_millis(250);

/// Reads the output until its end. `now` is the time of the run.
pub fn forward_output(mut from: File, now: impl Fn() -> Stamp, out: &Sender<Message>, mut echo: Option<OutputEcho>) {
    let period = now();
    let mut log = OutputLog { now, out, line: Vec::new(), period, lines: 0, skipped: 0 };
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => &buffer[..n],
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => break, // a terminal that no process has open any more
        };
        if let Some(echo) = &mut echo {
            echo(read);
        }
        log.take(read);
    }
    log.end_line();
    log.tell_skipped();
}

/// The lines for the log.
struct OutputLog<'a, N> {
    now: N,
    out: &'a Sender<Message>,
    line: Vec<u8>,
    period: Stamp,
    lines: u32,
    skipped: u64,
}

impl<N: Fn() -> Stamp> OutputLog<'_, N> {
    fn take(&mut self, bytes: &[u8]) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = LONGEST_LINE.saturating_sub(self.line.len());
            self.line.extend_from_slice(&part[..part.len().min(room)]);
            if part.ends_with(b"\n") {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let text = sanitize(String::from_utf8_lossy(&line).trim_end());
        if text.is_empty() {
            return;
        }
        let now = (self.now)();
        if now.span_since(self.period) >= PERIOD {
            self.tell_skipped();
            (self.period, self.lines) = (now, 0);
        }
        if self.lines >= MAX_LINES {
            self.skipped += 1;
            return;
        }
        self.lines += 1;
        let _ = self.out.send(Message::Notice { at: now, notice: Notice::Stderr(text) });
    }

    fn tell_skipped(&mut self) {
        let skipped = std::mem::take(&mut self.skipped);
        if skipped > 0 {
            let text = format!("({skipped} more lines)");
            let _ = self.out.send(Message::Notice { at: (self.now)(), notice: Notice::Stderr(text) });
        }
    }
}
