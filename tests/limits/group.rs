//! A control group that may have only so many tasks.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Long enough for the slowest machine; only a failure takes it.
const DEADLINE: Duration = Duration::from_secs(20);

pub struct Group {
    directory: PathBuf,
}

impl Group {
    /// A group within our own. Fails where we may make none, or where nobody counts tasks.
    pub fn new(most: u32) -> io::Result<Self> {
        static GROUPS: AtomicU32 = AtomicU32::new(0);
        let ours = fs::read_to_string("/proc/self/cgroup")?;
        let ours = ours.lines().filter_map(place).max_by_key(|(is_of_tasks, _)| *is_of_tasks);
        let (_, parent) = ours.ok_or(io::ErrorKind::NotFound)?;
        let name = format!("contend-test-{}-{}", std::process::id(), GROUPS.fetch_add(1, Ordering::Relaxed));
        let directory = parent.join(name);
        fs::create_dir(&directory)?;
        let group = Self { directory };
        fs::write(group.directory.join("pids.max"), most.to_string())?;
        Ok(group)
    }

    /// What a shell has to say to be in it.
    pub fn enter(&self) -> String {
        format!("echo $$ > '{}'", self.directory.join("cgroup.procs").display())
    }
}

/// The directory of a group, from a line of `/proc/self/cgroup`; and whether it is one of the controller that counts tasks
/// alone, which there is none of in version 2.
fn place(line: &str) -> Option<(bool, PathBuf)> {
    let (_, rest) = line.split_once(':')?;
    let (controllers, path) = rest.split_once(':')?;
    let is_of_tasks = controllers.split(',').any(|controller| controller == "pids");
    let root = Path::new("/sys/fs/cgroup").join(controllers);
    (is_of_tasks || controllers.is_empty()).then(|| (is_of_tasks, root.join(path.trim_start_matches('/'))))
}

impl Drop for Group {
    /// It can be removed when the last who was in it is gone for the kernel as well.
    fn drop(&mut self) {
        let since = Instant::now();
        while fs::remove_dir(&self.directory).is_err() && since.elapsed() < DEADLINE {
            std::thread::yield_now();
        }
    }
}
