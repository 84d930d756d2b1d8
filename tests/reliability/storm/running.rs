//! A headless run and all processes with its mark.

use std::ffi::OsStr;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::support::pause;

/// Long enough for the slowest machine; reached only on failure.
const DEADLINE: Duration = Duration::from_mins(1);

pub struct Running {
    pub dashboard: Child,
    mark: String,
}

impl Running {
    /// Starts `contend run` with these arguments and an injected fault.
    pub fn start(args: impl IntoIterator<Item = impl AsRef<OsStr>>, fault: Option<&str>) -> Self {
        static RUNS: AtomicU32 = AtomicU32::new(0);
        let (name, value) =
            ("CONTEND_TEST_MARK", format!("storm-{}-{}", std::process::id(), RUNS.fetch_add(1, Ordering::Relaxed)));
        let mut command = Command::new(env!("CARGO_BIN_EXE_contend"));
        command.args(["run", "--headless", "--for", "1m"]).args(args).env(name, &value);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.envs(fault.map(|fault| ("CONTEND_FAULT", fault)));
        Self { dashboard: command.spawn().expect("it starts"), mark: format!("{name}={value}") }
    }

    pub fn family(&self) -> Vec<u32> {
        crate::support::pids_with_mark(&self.mark)
    }

    /// Returns the runner and the workers.
    pub fn ours(&self) -> Vec<u32> {
        ["runner", "worker"].into_iter().flat_map(|role| self.of(role)).collect()
    }

    /// Returns the processes of one role, by their command lines.
    pub fn of(&self, role: &str) -> Vec<u32> {
        let is = |pid: &u32| {
            let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            arguments.starts_with(format!("contend:\0{role}\0").as_bytes())
        };
        self.family().into_iter().filter(is).collect()
    }

    pub fn until(&self, what: &str, wanted: impl Fn(&Self) -> bool) {
        let since = Instant::now();
        while !wanted(self) {
            assert!(since.elapsed() < DEADLINE, "never seen: {what}");
            pause();
        }
    }

    /// Waits until no process is left.
    pub fn until_gone(&mut self, what: &str) {
        let since = Instant::now();
        while self.dashboard.try_wait().is_ok_and(|status| status.is_none()) || !self.family().is_empty() {
            assert!(since.elapsed() < DEADLINE, "{what}: left {:?}", self.left());
            pause();
        }
    }

    /// Returns the remaining processes with their command lines.
    fn left(&self) -> Vec<(u32, String)> {
        let line = |pid: u32| std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        self.family().into_iter().map(|pid| (pid, String::from_utf8_lossy(&line(pid)).replace('\0', " "))).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.family().into_iter().for_each(crate::support::kill);
        let _ = self.dashboard.kill();
        let _ = self.dashboard.wait();
    }
}

/// Sends a signal; a process that is already gone gets none.
pub fn try_signal(pid: u32, name: &str) {
    let _ = Command::new("kill").args([format!("-{name}"), pid.to_string()]).stderr(Stdio::null()).status();
}
