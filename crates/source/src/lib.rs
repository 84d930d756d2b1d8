//! Sources of events: the interface [`EventSource`], and a live run, which starts the runner process, reads its events
//! and figures, delivers them as messages, and accepts commands; and a run of a user's program.

mod cluster_run;
mod cpu_meter;
mod live;
mod process_tag;
mod program;
mod pythons;
mod reader;
mod reading_pace;
mod runner_handle;
mod sampler;
mod scratch_dir;
mod scripted;
mod slot_reader;
mod source;
mod started_run;
mod supervise;
mod suspend;
mod timebase;

pub use cluster_run::{ClusterRun, ClusterStartError, MissingCluster, find_dask};
pub use live::{LiveRun, StartError};
pub use program::{
    AttachError, AttachedRun, ProgramError, ProgramRun, ProgramSetup, ProgramStartError, SharedExit, find_python,
    process_title, program_title, program_words,
};
pub use pythons::{FoundPython, OLDEST_TRACED, find_program, find_pythons};
pub use scripted::ScriptedSource;
pub use slot_reader::is_audit_enabled;
pub use source::{EXIT_WAIT, EventSource, Header, RunControl, ScenarioRun};
pub use started_run::StartedRun;
