//! The descriptors of pipes and connections in one process.
//!
//! The runner makes them all before any worker starts. A worker takes the ends that it uses: a thread from here, a
//! process by inheritance. Ends that no worker will need which may still start are closed here, so that an end is
//! closed with its last worker.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};

use crate::plan::{PipeEnd, Plan};
use contend_platform::{create_pipe, take_inherited_fd};
use contend_trace::{ResourceId, ResourceKind};

pub type PipeEndMap = BTreeMap<PipeEnd, Arc<OwnedFd>>;

#[derive(Debug, Default)]
pub struct PipeEnds(Mutex<PipeEndMap>);

impl PipeEnds {
    /// Makes all pipes and connections of a run.
    ///
    /// # Errors
    /// If the system refuses descriptors or memory for pipes.
    pub fn create_all(&self, plan: &Plan) -> io::Result<()> {
        let mut made = PipeEndMap::new();
        let wanted: BTreeSet<PipeEnd> = plan.pipe_ends.iter().flatten().copied().collect();
        let mut add = |end: PipeEnd, fd: OwnedFd| made.insert(end, Arc::new(fd));
        for pipe in plan.registry.pipes() {
            let (read, write) = create_pipe(pipe_capacity(plan, pipe)).map_err(|e| {
                io::Error::other(format!("cannot create the pipe {}: {e}", plan.registry.resource_name(pipe)))
            })?;
            add(PipeEnd::Read(pipe), read);
            add(PipeEnd::Write(pipe), write);
        }
        for end in &wanted {
            if let PipeEnd::CounterClient(lane) = end {
                let (client, server) = UnixStream::pair()?;
                add(PipeEnd::CounterClient(*lane), client.into());
                add(PipeEnd::CounterServer(*lane), server.into());
            }
        }
        made.retain(|end, _| wanted.contains(end)); // unused ends are closed from the beginning
        *self.lock_map() = made;
        Ok(())
    }

    /// Takes over the inherited descriptors for `wanted`, from position `first` on.
    ///
    /// # Errors
    /// If a descriptor was not inherited.
    pub fn inherit(&self, wanted: &[PipeEnd], first: usize) -> io::Result<()> {
        let fds = wanted.iter().enumerate().map(|(at, end)| Ok((*end, Arc::new(take_inherited_fd(first + at)?))));
        *self.lock_map() = fds.collect::<io::Result<PipeEndMap>>()?;
        Ok(())
    }

    /// Returns those of `wanted` that exist, in the order of `wanted`.
    pub fn select(&self, wanted: &[PipeEnd]) -> Vec<(PipeEnd, Arc<OwnedFd>)> {
        let all = self.lock_map();
        wanted.iter().filter_map(|end| Some((*end, Arc::clone(all.get(end)?)))).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.lock_map().is_empty()
    }

    /// Closes all ends but `wanted`. An end that a worker holds stays open until the worker drops it.
    pub fn close_all_except(&self, wanted: &BTreeSet<PipeEnd>) {
        self.lock_map().retain(|end, _| wanted.contains(end));
    }

    fn lock_map(&self) -> std::sync::MutexGuard<'_, PipeEndMap> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn pipe_capacity(plan: &Plan, pipe: ResourceId) -> usize {
    match plan.registry.resource(pipe).map(|info| &info.kind) {
        Some(ResourceKind::Pipe { capacity }) => *capacity as usize,
        _ => 1,
    }
}
