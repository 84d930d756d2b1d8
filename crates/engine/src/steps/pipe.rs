//! Steps on pipes.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use crate::plan::PipeEnd;
use crate::shared::pipe::{NoReaders, ReceiveOutcome};
use crate::step_runner::{StepResult, StepRunner, StopReason};
use contend_scenario::{Expr, PipeStep, Step, Target};
use contend_trace::{EventKind, ResourceId};

impl StepRunner {
    pub(crate) async fn pipe_step(&mut self, step: &PipeStep) -> StepResult {
        match step {
            PipeStep::Send { target, bytes } => self.send_message(target, bytes),
            PipeStep::Receive { target, bytes } => {
                if self.receive_message(target, bytes)? {
                    Ok(())
                } else {
                    Err(StopReason::Finished)
                }
            }
            PipeStep::ForEach { target, bytes, body } => self.receive_each(target, bytes, body).await,
            PipeStep::Close(target) => {
                self.close_pipe(self.resolve_target(target));
                Ok(())
            }
        }
    }

    fn send_message(&mut self, target: &Target, bytes: &Expr) -> StepResult {
        let (id, bytes) = (self.resolve_target(target), self.message_bytes(bytes));
        let to = self.find_pipe_end(PipeEnd::Write(id), id)?;
        let sent = self.run.pipe(id).send(&to, bytes, &mut self.recorder);
        sent.map_err(|NoReaders| self.pipe_error("sent to", id, "but all its readers are gone"))
    }

    /// Receives a message. Returns `false` at the end of the stream.
    fn receive_message(&mut self, target: &Target, bytes: &Expr) -> Result<bool, StopReason> {
        let (id, bytes) = (self.resolve_target(target), self.message_bytes(bytes));
        let from = self.find_pipe_end(PipeEnd::Read(id), id)?;
        match self.run.pipe(id).receive(&from, bytes, &mut self.recorder) {
            Ok(ReceiveOutcome::Message) => Ok(true),
            Ok(ReceiveOutcome::EndOfStream) => Ok(false),
            Ok(ReceiveOutcome::Truncated) => {
                Err(self.pipe_error("received from", id, "but it ended in the middle of a message"))
            }
            Err(e) => Err(self.pipe_error("received from", id, &e.to_string())),
        }
    }

    async fn receive_each(&mut self, target: &Target, bytes: &Expr, body: &[Step]) -> StepResult {
        while self.receive_message(target, bytes)? {
            self.run_iteration(body).await?;
        }
        Ok(())
    }

    /// Closes the worker's ends of a pipe.
    fn close_pipe(&mut self, id: ResourceId) {
        let ends = [PipeEnd::Read(id), PipeEnd::Write(id)].map(|end| self.pipe_ends.remove(&end));
        // Recorded before they are closed: the consequences must come later.
        let at = self.recorder.now();
        self.recorder.write(at, EventKind::Closed { queue: id });
        drop(ends);
    }

    pub(super) fn find_pipe_end(&self, end: PipeEnd, id: ResourceId) -> Result<Arc<OwnedFd>, StopReason> {
        self.pipe_ends.get(&end).cloned().ok_or_else(|| self.pipe_error("used", id, "after closing it"))
    }

    pub(super) fn message_bytes(&self, bytes: &Expr) -> usize {
        bytes.eval(self).clamp(1.0, 67_108_864.0) as usize
    }

    pub(super) fn pipe_error(&self, verb: &str, pipe: ResourceId, problem: &str) -> StopReason {
        StopReason::Failed(format!("{verb} {}, {problem}", self.run.plan.registry.resource_name(pipe)))
    }
}
