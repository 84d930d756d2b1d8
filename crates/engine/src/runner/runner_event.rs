//! What the runner's main loop hears of.

use crossbeam_channel::Sender;

use crate::process_pool::WorkerLink;
use crate::protocol::RunnerCommand;
use contend_platform::Exit;
use contend_trace::WorkerId;

#[derive(Debug)]
pub enum RunnerEvent {
    /// The dashboard wants something.
    Command(RunnerCommand),
    /// Somebody wants a process started, or the last lives may have ended.
    Called,
    /// A thread came to its end.
    ThreadEnded(WorkerId),
    /// A worker process ended.
    ProcessExited { worker: WorkerId, exit: Exit },
    /// A pool's stand-in wants its worker process started.
    ProcessWanted { worker: WorkerId, reply: Sender<Option<WorkerLink>> },
}
