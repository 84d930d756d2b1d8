//! The ends of pipes and connections, as a process has them.
//!
//! The runner makes them all before anyone starts. A worker takes those that it uses: a thread from here, a process by
//! inheritance. What nobody who may still start will need is closed here, so that an end is gone with its last worker.

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
    /// When the system gives no more descriptors, or no more memory for pipes.
    pub fn create_all(&self, plan: &Plan) -> io::Result<()> {
        let mut made = PipeEndMap::new();
        let wanted: BTreeSet<PipeEnd> = plan.pipe_ends.iter().flatten().copied().collect();
        let mut add = |end: PipeEnd, fd: OwnedFd| made.insert(end, Arc::new(fd));
        for pipe in plan.cast.pipes() {
            let (read, write) = create_pipe(pipe_capacity(plan, pipe)).map_err(|e| {
                io::Error::other(format!("the pipe {} could not be made: {e}", plan.cast.resource_name(pipe)))
            })?;
            add(PipeEnd::Read(pipe), read);
            add(PipeEnd::Write(pipe), write);
        }
        for end in &wanted {
            if let PipeEnd::CounterClient(lane) = end {
                let (theirs, ours) = UnixStream::pair()?;
                add(PipeEnd::CounterClient(*lane), theirs.into());
                add(PipeEnd::CounterServer(*lane), ours.into());
            }
        }
        made.retain(|end, _| wanted.contains(end)); // an end that nobody uses is closed from the beginning
        *self.lock_map() = made;
        Ok(())
    }

    /// Takes over what this process inherited for `wanted`, from the place `first` on.
    ///
    /// # Errors
    /// If it was not handed over.
    pub fn inherit(&self, wanted: &[PipeEnd], first: usize) -> io::Result<()> {
        let fds = wanted.iter().enumerate().map(|(at, end)| Ok((*end, Arc::new(take_inherited_fd(first + at)?))));
        *self.lock_map() = fds.collect::<io::Result<PipeEndMap>>()?;
        Ok(())
    }

    /// Those of `wanted` that there are, in its order.
    pub fn select(&self, wanted: &[PipeEnd]) -> Vec<(PipeEnd, Arc<OwnedFd>)> {
        let all = self.lock_map();
        wanted.iter().filter_map(|end| Some((*end, Arc::clone(all.get(end)?)))).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.lock_map().is_empty()
    }

    /// Closes all but `wanted`, as far as no worker has them.
    pub fn close_all_except(&self, wanted: &BTreeSet<PipeEnd>) {
        self.lock_map().retain(|end, _| wanted.contains(end));
    }

    fn lock_map(&self) -> std::sync::MutexGuard<'_, PipeEndMap> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn pipe_capacity(plan: &Plan, pipe: ResourceId) -> usize {
    match plan.cast.resource(pipe).map(|info| &info.kind) {
        Some(ResourceKind::Pipe { capacity }) => *capacity as usize,
        _ => 1,
    }
}
