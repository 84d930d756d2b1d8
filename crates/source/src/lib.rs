//! A live run as a source of events: starts the runner process, reads its events and figures, and delivers them as
//! messages. Accepts commands for the run.

mod cpu_meter;
mod live;
mod process_tag;
mod reader;
mod sampler;
mod scratch_dir;
mod slot_reader;
mod supervise;
mod suspend;
mod timebase;

pub use live::{LiveRun, StartError};
pub use slot_reader::is_audit_enabled;
