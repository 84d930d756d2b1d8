//! Messages from this process to the dashboard.

use std::fs::File;
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};

use super::RunContext;
use crate::protocol::RunnerMessage;
use contend_trace::frame::{self, FRAME_ATOMIC};
use contend_trace::{Notice, WorkerId};

impl RunContext {
    /// Locks the output, so that a fork copies it unlocked: the copy sends messages too.
    pub fn lock_output(&self) -> MutexGuard<'_, File> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a message in one piece, so that it does not mix with those of other processes on the same pipe. A failure
    /// is ignored: other code notices when the dashboard is gone.
    pub fn send_message(&self, message: &RunnerMessage) {
        let file = self.lock_output();
        let _ = frame::send(&*file, message);
    }

    /// Sends a notice of something that happened just now.
    pub fn send_notice(&self, notice: Notice) {
        let notice = match notice {
            Notice::TaskFailed { worker, mut message } => {
                message.truncate(message.floor_char_boundary(FRAME_ATOMIC - 64));
                Notice::TaskFailed { worker, message }
            }
            other => other,
        };
        self.send_message(&RunnerMessage::Notice { ticks: self.memory.clock().ticks(), notice });
    }

    /// Reports once that too many tasks run inside one another: nobody may read the results that would say so.
    pub fn report_too_deep(&self, worker: WorkerId, message: &str) {
        if !self.is_too_deep_reported.swap(true, Ordering::Relaxed) {
            self.send_notice(Notice::TaskFailed { worker, message: message.to_owned() });
        }
    }
}
