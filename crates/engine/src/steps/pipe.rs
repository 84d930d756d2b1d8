//! Steps on pipes.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use crate::actor::{Actor, Flow, Halt};
use crate::plan::End;
use crate::shared::pipe::{Got, Unread};
use contend_scenario::{Expr, PipeStep, Step, Target};
use contend_trace::{EventKind, ResourceId};

impl Actor {
    pub(crate) async fn pipe_step(&mut self, step: &PipeStep) -> Flow {
        match step {
            PipeStep::Send { target, bytes } => self.send(target, bytes),
            PipeStep::Receive { target, bytes } => {
                if self.receive(target, bytes)? {
                    Ok(())
                } else {
                    Err(Halt::Finished)
                }
            }
            PipeStep::Each { target, bytes, body } => self.receive_each(target, bytes, body).await,
            PipeStep::Close(target) => {
                self.close(self.target(target));
                Ok(())
            }
        }
    }

    fn send(&mut self, target: &Target, bytes: &Expr) -> Flow {
        let (id, bytes) = (self.target(target), self.message(bytes));
        let to = self.end(End::Write(id), id)?;
        let sent = self.run.pipe(id).send(&to, bytes, &mut self.pen);
        sent.map_err(|Unread| self.failed("sent something into", id, "which nobody reads any more"))
    }

    /// Whether there was a message; `false` at the end of the stream.
    fn receive(&mut self, target: &Target, bytes: &Expr) -> Result<bool, Halt> {
        let (id, bytes) = (self.target(target), self.message(bytes));
        let from = self.end(End::Read(id), id)?;
        match self.run.pipe(id).receive(&from, bytes, &mut self.pen) {
            Ok(Got::Whole) => Ok(true),
            Ok(Got::End) => Ok(false),
            Ok(Got::Cut) => Err(self.failed("read from", id, "which ended in the middle of a message")),
            Err(e) => Err(self.failed("read from", id, &e.to_string())),
        }
    }

    async fn receive_each(&mut self, target: &Target, bytes: &Expr, body: &[Step]) -> Flow {
        while self.receive(target, bytes)? {
            self.again(body).await?;
        }
        Ok(())
    }

    /// Closes the worker's ends of a pipe.
    fn close(&mut self, id: ResourceId) {
        let ends = [End::Read(id), End::Write(id)].map(|end| self.ends.remove(&end));
        // Written before they are closed: what comes of it comes after it.
        let at = self.pen.now();
        self.pen.write(at, EventKind::Closed { queue: id });
        drop(ends);
    }

    fn end(&self, end: End, id: ResourceId) -> Result<Arc<OwnedFd>, Halt> {
        self.ends.get(&end).cloned().ok_or_else(|| self.failed("used", id, "which it had closed"))
    }

    fn message(&self, bytes: &Expr) -> usize {
        bytes.eval(self).clamp(1.0, 67_108_864.0) as usize
    }

    fn failed(&self, did: &str, pipe: ResourceId, why: &str) -> Halt {
        Halt::Failed(format!("{did} {}, {why}", self.run.plan.cast.resource_name(pipe)))
    }
}
