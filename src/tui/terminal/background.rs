//! Asks the terminal whether its background is dark or light.
//!
//! The question (OSC 11) is followed by one that every terminal answers (DA1), so that a terminal that does not know
//! the first costs no wait. Keys typed meanwhile are returned.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read};

use crate::tui::theme::Ground;

/// The questions: the background's colour, and the kind of terminal.
pub(super) const QUESTION: &[u8] = b"\x1b]11;?\x1b\\\x1b[c";

/// Longest wait for an answer.
const TIMEOUT: Duration = Duration::from_millis(150);

/// Bytes that may be typed before the answer.
const MAX_BYTES: usize = 16 << 10;

/// The answer, and the bytes that belong to none.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::tui) struct Reply {
    /// `None` if the terminal does not say.
    pub(in crate::tui) ground: Option<Ground>,
    pub(in crate::tui) typed: Vec<u8>,
}

/// Reads the answer to [`QUESTION`].
///
/// # Errors
/// When the terminal is gone.
pub(super) fn read_reply(terminal: impl AsFd) -> io::Result<Reply> {
    let (mut bytes, deadline) = (Vec::new(), Instant::now() + TIMEOUT);
    while take_attributes(&mut bytes.clone()).is_none() && bytes.len() < MAX_BYTES {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || !wait_readable(&terminal, left)? {
            break;
        }
        let mut chunk = [0; 1024];
        match read(&terminal, &mut chunk) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    let ground = take_colour(&mut bytes);
    let _ = take_attributes(&mut bytes);
    Ok(Reply { ground, typed: bytes })
}

fn wait_readable(terminal: impl AsFd, most: Duration) -> io::Result<bool> {
    let most = Timespec { tv_sec: 0, tv_nsec: most.subsec_nanos().into() };
    match poll(&mut [PollFd::new(&terminal, PollFlags::IN)], Some(&most)) {
        Ok(count) => Ok(count > 0),
        Err(Errno::INTR) => Ok(true), // the read tries again
        Err(errno) => Err(errno.into()),
    }
}

/// Removes the colour of the background; returns its kind if it can be read.
fn take_colour(bytes: &mut Vec<u8>) -> Option<Ground> {
    const START: &[u8] = b"\x1b]11;";
    let from = find(bytes, START)?;
    let rest = &bytes[from + START.len()..];
    let length = rest.iter().position(|byte| matches!(byte, 0x07 | 0x1b))?;
    let end = if rest[length] == 0x1b { length + 2 } else { length + 1 };
    let ground = std::str::from_utf8(&rest[..length]).ok().and_then(ground_of);
    let until = (from + START.len() + end).min(bytes.len());
    bytes.drain(from..until);
    ground
}

/// Removes the answer about the kind of terminal, which comes last: `ESC [ ? 62 ; 22 c`.
fn take_attributes(bytes: &mut Vec<u8>) -> Option<()> {
    const START: &[u8] = b"\x1b[?";
    let mut searched = 0;
    loop {
        let from = searched + find(&bytes[searched..], START)?;
        let rest = &bytes[from + START.len()..];
        let length = rest.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b';'))?;
        if rest[length] == b'c' {
            bytes.drain(from..=from + START.len() + length);
            return Some(());
        }
        searched = from + START.len();
    }
}

fn find(bytes: &[u8], words: &[u8]) -> Option<usize> {
    bytes.windows(words.len()).position(|window| window == words)
}

/// Returns the kind of a colour such as `rgb:1e1e/1e1e/1e1e`, of one to four digits each.
fn ground_of(colour: &str) -> Option<Ground> {
    let channels = colour.strip_prefix("rgb:").or_else(|| colour.strip_prefix("rgba:"))?;
    let share = |digits: &str| {
        let most = 16_u32.checked_pow(u32::try_from(digits.len()).ok()?)?.checked_sub(1).filter(|most| *most > 0)?;
        Some(f64::from(u32::from_str_radix(digits, 16).ok()?) / f64::from(most))
    };
    let shares: Option<Vec<f64>> = channels.split('/').take(3).map(share).collect();
    let [r, g, b] = shares?.try_into().ok()?;
    let light = 0.2126 * r * r + 0.7152 * g * g + 0.0722 * b * b; // squares are near enough to the luminance
    Some(if light > 0.25 { Ground::Light } else { Ground::Dark })
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    use super::*;

    fn reply_to(bytes: &[u8]) -> (Reply, Duration) {
        let (mut terminal, ours) = UnixStream::pair().expect("a pair of sockets");
        terminal.write_all(bytes).expect("there is room");
        let asked = Instant::now();
        (read_reply(&ours).expect("it is open"), asked.elapsed())
    }

    #[test]
    fn background_is_read_from_every_form_of_the_answer() {
        let forms: [(&[u8], Option<Ground>); 8] = [
            (b"\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\\x1b[?62;22c", Some(Ground::Dark)),
            (b"\x1b]11;rgb:ffff/ffff/ffff\x07\x1b[?6c", Some(Ground::Light)),
            (b"\x1b]11;rgb:fd/f6/e3\x1b\\\x1b[?1;2c", Some(Ground::Light)),
            (b"\x1b]11;rgba:0000/2b2b/3636/ffff\x1b\\\x1b[?1;2c", Some(Ground::Dark)),
            (b"\x1b[?62c", None),
            (b"\x1b]11;nonsense\x1b\\\x1b[?62c", None),
            (b"\x1b]11;rgb:/12345/\x1b\\\x1b[?62c", None),
            (b"\x1b]11;rgb:\xff\xff\x1b\\\x1b[?62c", None),
        ];
        for (bytes, ground) in forms {
            let (reply, _) = reply_to(bytes);
            assert_eq!(reply, Reply { ground, typed: Vec::new() }, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn bytes_typed_before_between_and_after_the_answers_are_kept() {
        let (reply, _) = reply_to(b"jk\x1b[?1;2R\x1b]11;rgb:0000/0000/0000\x07\x1b[A\x1b[?62;4cq");
        assert_eq!(reply.ground, Some(Ground::Dark));
        assert_eq!(reply.typed, b"jk\x1b[?1;2R\x1b[Aq");
    }

    #[test]
    fn terminal_that_answers_nothing_is_waited_for_no_longer_than_the_deadline() {
        let (reply, waited) = reply_to(b"q\x1b]11;rgb:00");
        assert_eq!(reply, Reply { ground: None, typed: b"q\x1b]11;rgb:00".to_vec() });
        assert!(waited >= TIMEOUT, "{waited:?}");
        let (terminal, ours) = UnixStream::pair().expect("a pair of sockets");
        drop(terminal);
        assert!(read_reply(&ours).is_err(), "a terminal that is gone is an error");
    }
}
