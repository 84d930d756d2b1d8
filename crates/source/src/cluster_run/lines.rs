//! What the driver of a cluster writes: lines of JSON, each checked before anything is done with it. Numbers of another
//! size and unknown words make a line unreadable; texts become safe to print and short.

use serde::Deserialize;

use contend_trace::printable::mask_line;

/// The longest line that is read, in bytes.
pub const MAX_LINE_BYTES: usize = 64 << 10;
/// The longest text, in characters.
const MAX_TEXT: usize = 300;

/// A line. Times are in nanoseconds of the monotonic clock; `w` is the place of a worker in its pool.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "k", rename_all = "kebab-case")]
pub enum DriverLine {
    /// All workers are there. `pids`: the processes of the cluster.
    Ready {
        t: u64,
        pids: Vec<u32>,
    },
    /// A worker is there.
    Here {
        t: u64,
        w: u32,
        pid: u32,
    },
    /// A worker has ended: as it was asked to, or with this exit code, which is negative for a signal.
    Gone {
        t: u64,
        w: u32,
        code: Option<i32>,
    },
    /// A task was submitted, the `nth`; now `depth` have not begun.
    Put {
        t: u64,
        depth: u32,
        nth: u64,
    },
    /// A task was rejected, since too many have not begun.
    Reject {
        t: u64,
    },
    Feeder {
        t: u64,
        state: FeederState,
    },
    /// A worker began a task on a thread, `waited` nanoseconds after it was due.
    Begin {
        t: u64,
        w: u32,
        depth: u32,
        nth: u64,
        waited: u64,
        tid: u32,
    },
    State {
        t: u64,
        w: u32,
        state: LaneState,
    },
    End {
        t: u64,
        w: u32,
        ok: bool,
        error: String,
    },
    /// Data of the worker `from` have come to another one.
    Moved {
        t: u64,
        w: u32,
        from: u32,
        bytes: u64,
    },
    /// A task of a worker that has died is done again.
    Retried {
        t: u64,
        w: u32,
    },
    /// A task of a worker that has died is not done again.
    Abandoned {
        t: u64,
        w: u32,
        error: String,
    },
    /// A task that had not begun was given up.
    Dropped {
        t: u64,
        depth: u32,
        nth: u64,
        error: String,
    },
    Resized {
        t: u64,
        workers: u32,
    },
    /// Everything before this time has been written.
    Mark {
        t: u64,
    },
    /// All tasks have ended.
    Done {
        t: u64,
    },
    /// The cluster cannot be used.
    Failed {
        why: String,
    },
}

/// What the feeder does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeederState {
    Begin,
    Run,
    Sleep,
    Full,
    Close,
    End,
}

/// What a worker does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LaneState {
    Run,
    Sleep,
    Io,
    Handover,
    Empty,
}

/// Reads a line; `None` if it cannot be understood.
pub fn read_line(line: &[u8]) -> Option<DriverLine> {
    serde_json::from_slice(line).ok()
}

/// Makes a text from the cluster safe to print on one line, and short.
pub fn safe_text(text: &str) -> String {
    let end = text.char_indices().nth(MAX_TEXT).map_or(text.len(), |(end, _)| end);
    mask_line(&text[..end]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_or_refused() {
        let read = |line: &str| read_line(line.as_bytes());
        assert_eq!(read(r#"{"k":"put","t":5,"depth":1,"nth":2}"#), Some(DriverLine::Put { t: 5, depth: 1, nth: 2 }));
        let gone = DriverLine::Gone { t: 1, w: 0, code: Some(-9) };
        assert_eq!(read(r#"{"k":"gone","t":1,"w":0,"code":-9}"#), Some(gone));
        let state = DriverLine::State { t: 1, w: 0, state: LaneState::Io };
        assert_eq!(read(r#"{"k":"state","t":1,"w":0,"state":"io","more":1}"#), Some(state));
        for wrong in [
            "",
            "[]",
            r#"{"k":"teleport","t":1}"#,
            r#"{"k":"put","t":-5,"depth":1,"nth":2}"#,
            r#"{"k":"put","t":5,"depth":1e300,"nth":2}"#,
            r#"{"k":"here","t":5,"w":99999999999,"pid":1}"#,
            r#"{"k":"state","t":1,"w":0,"state":"asleep"}"#,
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn texts_are_made_harmless_and_short() {
        assert_eq!(safe_text("a\u{1b}]0;x\u{7}\nb"), "a?]0;x? b");
        assert_eq!(safe_text(&"x".repeat(100_000)).chars().count(), MAX_TEXT);
    }
}
