//! The processes of a program.

use contend_platform::{process_cpu_nanos, process_tree, session_cpu_nanos, session_members};

/// Which processes are those of a program.
#[derive(Debug, Clone, Copy)]
pub(super) enum Processes {
    /// Those of the session that the program leads: it was started here.
    Session(u32),
    /// A process that was there before, and its descendants.
    Tree(u32),
}

impl Processes {
    /// Returns their numbers. This process is none of them.
    pub fn list(self) -> Vec<u32> {
        let mut list = match self {
            Self::Session(leader) => session_members(leader),
            Self::Tree(root) => process_tree(root),
        };
        list.retain(|pid| *pid != std::process::id());
        list
    }

    /// Returns the CPU time of all of them, with that of their children that have ended, in nanoseconds. `None` where
    /// the system does not tell.
    pub fn cpu_nanos(self) -> Option<u64> {
        match self {
            Self::Session(leader) => session_cpu_nanos(leader),
            Self::Tree(_) => {
                let times: Vec<u64> = self.list().into_iter().filter_map(process_cpu_nanos).collect();
                (!times.is_empty()).then(|| times.iter().sum())
            }
        }
    }
}
