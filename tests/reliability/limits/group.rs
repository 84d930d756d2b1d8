//! A control group with a limit.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Long enough for the slowest machine; reached only on failure.
const DEADLINE: Duration = Duration::from_secs(20);

pub struct Group {
    directory: PathBuf,
}

/// A kind of limit: its controller, and the file that sets it in cgroup version 1 and 2.
#[derive(Clone, Copy)]
pub struct Limit {
    controller: &'static str,
    files: [&'static str; 2],
}

pub const TASKS: Limit = Limit { controller: "pids", files: ["pids.max"; 2] };
pub const MEMORY: Limit = Limit { controller: "memory", files: ["memory.max", "memory.limit_in_bytes"] };

impl Group {
    /// Creates a group within the group of this process. Returns an error if that is not allowed or the controller is
    /// missing.
    pub fn new(limit: Limit, most: u64) -> io::Result<Self> {
        static GROUPS: AtomicU32 = AtomicU32::new(0);
        let ours = fs::read_to_string("/proc/self/cgroup")?;
        let ours =
            ours.lines().filter_map(|line| group_directory(line, limit.controller)).max_by_key(|(is_own, _)| *is_own);
        let (_, parent) = ours.ok_or(io::ErrorKind::NotFound)?;
        let name = format!("contend-test-{}-{}", std::process::id(), GROUPS.fetch_add(1, Ordering::Relaxed));
        let directory = parent.join(name);
        fs::create_dir(&directory)?;
        let group = Self { directory };
        let file = limit.files.iter().map(|file| group.directory.join(file)).find(|file| file.exists());
        fs::write(file.ok_or(io::ErrorKind::NotFound)?, most.to_string())?;
        Ok(group)
    }

    /// Returns the shell command that enters the group.
    pub fn enter(&self) -> String {
        format!("echo $$ > '{}'", self.directory.join("cgroup.procs").display())
    }
}

/// Returns the directory of a group from a line of `/proc/self/cgroup`, and whether the group belongs to this
/// controller alone, which exists only in version 1.
fn group_directory(line: &str, controller: &str) -> Option<(bool, PathBuf)> {
    let (_, rest) = line.split_once(':')?;
    let (controllers, path) = rest.split_once(':')?;
    let is_own = controllers.split(',').any(|one| one == controller);
    let root = Path::new("/sys/fs/cgroup").join(controllers);
    (is_own || controllers.is_empty()).then(|| (is_own, root.join(path.trim_start_matches('/'))))
}

impl Drop for Group {
    /// A group can be removed only when the kernel has removed its last process.
    fn drop(&mut self) {
        let since = Instant::now();
        while fs::remove_dir(&self.directory).is_err() && since.elapsed() < DEADLINE {
            std::thread::yield_now();
        }
    }
}
