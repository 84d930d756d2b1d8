//! The counter server (`memory=manager`): a process that keeps counters for other workers. Each operation is one
//! request and one reply.
//!
//! Every client has a connection of its own, so a client that dies affects no other connection.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::Ordering;

use crate::protocol::counters::{CounterOp, CounterRequest, REQUEST_BYTES, reply_bytes};
use crate::step_runner::StepRunner;
use contend_platform::readable_indices;
use contend_trace::{ResourceId, State};

/// Serves all clients until the last of them is gone.
pub fn serve_counters(step_runner: &mut StepRunner) {
    let mut values: Vec<i64> = {
        let run = step_runner.run;
        let ids = (0..run.plan.registry.resources.len()).map(ResourceId::from);
        ids.map(|id| run.counter(id).load(Ordering::Relaxed) as i64).collect()
    };
    let ends = std::mem::take(&mut step_runner.pipe_ends);
    let mut clients: Vec<UnixStream> = ends.values().flat_map(|end| end.try_clone().map(UnixStream::from)).collect();
    drop(ends);
    while !clients.is_empty() {
        let mut readable = readable_indices(&clients, false);
        if readable.is_empty() {
            step_runner.recorder.block(State::Empty, None);
            readable = readable_indices(&clients, true);
            step_runner.recorder.resume();
        }
        for index in readable.into_iter().rev() {
            if answer_request(step_runner, &mut clients[index], &mut values).is_none() {
                clients.swap_remove(index);
            }
        }
    }
}

/// Answers one request. Returns `None` when the client is gone.
fn answer_request(step_runner: &mut StepRunner, client: &mut UnixStream, values: &mut [i64]) -> Option<()> {
    let mut bytes = [0; REQUEST_BYTES];
    client.read_exact(&mut bytes).ok()?;
    let CounterRequest { token, counter, op } = CounterRequest::from_bytes(bytes)?;
    let stored = values.get_mut(counter.index())?;
    let delta = match op {
        CounterOp::Load => None,
        CounterOp::Store { value, delta } => {
            *stored = value;
            Some(delta)
        }
        CounterOp::Add { delta } => {
            *stored = stored.wrapping_add(i64::from(delta));
            Some(delta)
        }
    };
    let value = *stored;
    if let Some(delta) = delta {
        step_runner.run.counter(counter).store(value as u64, Ordering::Relaxed); // shown by the dashboard
        step_runner.record_added(counter, delta, value);
    }
    client.write_all(&reply_bytes(token, value)).ok()
}
