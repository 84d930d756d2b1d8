//! Requests to the counter server (`memory=manager`).

use std::io::{self, Write};
use std::os::unix::net::UnixStream;

use crate::plan::PipeEnd;
use crate::protocol::counters::{CounterOp, CounterRequest, read_reply};
use crate::step_runner::{StepRunner, StopReason};
use contend_trace::{ResourceId, State};

impl StepRunner {
    /// Sends an operation to the counter server (the lane `manager`) and waits for the reply. Returns the value of the
    /// counter after it.
    pub(super) fn request_counter(&mut self, counter: ResourceId, op: CounterOp) -> Result<i64, StopReason> {
        self.recorder.block(State::Io, Some(counter));
        let token = self.recorder.now();
        let reply = self.counter_connection().and_then(|server| {
            server.write_all(&CounterRequest { token, counter, op }.to_bytes())?;
            read_reply(server, token)
        });
        self.recorder.resume();
        reply.map_err(|_| {
            let name = self.run.plan.registry.resource_name(counter);
            StopReason::Failed(format!("the manager is gone, and the value of {name} with it"))
        })
    }

    fn counter_connection(&mut self) -> io::Result<&mut UnixStream> {
        if self.counter_connection.is_none() {
            let end = self.pipe_ends.remove(&PipeEnd::CounterClient(self.id())).ok_or(io::ErrorKind::NotConnected)?;
            self.counter_connection = Some(UnixStream::from(end.try_clone()?));
        }
        self.counter_connection.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}
