//! What the runner's main loop hears of.

use crossbeam_channel::Sender;

use crate::handover::Link;
use crate::wire::Down;
use contend_platform::Exit;
use contend_trace::WorkerId;

#[derive(Debug)]
pub enum Happening {
    /// The dashboard wants something.
    Down(Down),
    /// Somebody wants a process started, or the last lives may have ended.
    Called,
    /// A thread came to its end.
    Done(WorkerId),
    /// A worker process ended.
    Exited { worker: WorkerId, exit: Exit },
    /// A pool's stand-in wants its worker process started.
    Need { worker: WorkerId, reply: Sender<Option<Link>> },
}
