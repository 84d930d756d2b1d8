//! The events of the runner's main loop.

use crossbeam_channel::Sender;

use crate::process_pool::proxy::WorkerLink;
use crate::protocol::RunnerCommand;
use contend_platform::Exit;
use contend_trace::WorkerId;

#[derive(Debug)]
pub enum RunnerEvent {
    /// The dashboard sent a command.
    Command(RunnerCommand),
    /// A worker wants a process started, or the last lives may have ended.
    Called,
    /// A worker's thread ended.
    ThreadEnded(WorkerId),
    /// A worker process ended.
    ProcessExited { worker: WorkerId, exit: Exit },
    /// The proxy of a worker process wants the process started.
    ProcessWanted { worker: WorkerId, reply: Sender<Option<WorkerLink>> },
}
