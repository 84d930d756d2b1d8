//! The ends of pipes and connections, as a process has them.
//!
//! The runner makes them all before anyone starts. A worker takes those that it uses: a thread from here, a process by
//! inheritance. What nobody who may still start will need is closed here, so that an end is gone with its last worker.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};

use super::plan::{End, Plan};
use contend_platform::{inherited, pipe_of};
use contend_trace::{ResourceId, ResourceKind};

pub type Had = BTreeMap<End, Arc<OwnedFd>>;

#[derive(Debug, Default)]
pub struct Ends(Mutex<Had>);

impl Ends {
    /// Makes all pipes and connections of a run.
    ///
    /// # Errors
    /// When the system gives no more descriptors, or no more memory for pipes.
    pub fn make(&self, plan: &Plan) -> io::Result<()> {
        let mut made = Had::new();
        let wanted: BTreeSet<End> = plan.ends.iter().flatten().copied().collect();
        let mut add = |end: End, fd: OwnedFd| made.insert(end, Arc::new(fd));
        for pipe in plan.cast.pipes() {
            let (read, write) = pipe_of(capacity(plan, pipe)).map_err(|e| {
                io::Error::other(format!("the pipe {} could not be made: {e}", plan.cast.resource_name(pipe)))
            })?;
            add(End::Read(pipe), read);
            add(End::Write(pipe), write);
        }
        for end in &wanted {
            if let End::Visit(lane) = end {
                let (theirs, ours) = UnixStream::pair()?;
                add(End::Visit(*lane), theirs.into());
                add(End::Serve(*lane), ours.into());
            }
        }
        made.retain(|end, _| wanted.contains(end)); // an end that nobody uses is closed from the beginning
        *self.all() = made;
        Ok(())
    }

    /// Takes over what this process inherited for `wanted`, from the place `first` on.
    ///
    /// # Errors
    /// If it was not handed over.
    pub fn inherit(&self, wanted: &[End], first: usize) -> io::Result<()> {
        let fds = wanted.iter().enumerate().map(|(at, end)| Ok((*end, Arc::new(inherited(first + at)?))));
        *self.all() = fds.collect::<io::Result<Had>>()?;
        Ok(())
    }

    /// Those of `wanted` that there are, in its order.
    pub fn of(&self, wanted: &[End]) -> Vec<(End, Arc<OwnedFd>)> {
        let all = self.all();
        wanted.iter().filter_map(|end| Some((*end, Arc::clone(all.get(end)?)))).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.all().is_empty()
    }

    /// Closes all but `wanted`, as far as no worker has them.
    pub fn keep(&self, wanted: &BTreeSet<End>) {
        self.all().retain(|end, _| wanted.contains(end));
    }

    fn all(&self) -> std::sync::MutexGuard<'_, Had> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn capacity(plan: &Plan, pipe: ResourceId) -> usize {
    match plan.cast.resource(pipe).map(|info| &info.kind) {
        Some(ResourceKind::Pipe { capacity }) => *capacity as usize,
        _ => 1,
    }
}
