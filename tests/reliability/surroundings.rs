//! Unusual machines: runs count on the cores that they may use. Facts that the machine hides, or changes during a run,
//! are reported as unknown, and no part of the program waits forever, panics or catches up endlessly.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a test says why it was not run, and what it measured")]

mod clocks;
mod cores;
mod hidden;
mod late;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::sandbox::Sandbox;
use crate::support::pty::Pty;
use crate::support::report_skipped;
use portable_pty::CommandBuilder;
use serde_json::Value;

impl Sandbox {
    /// Returns the command line that starts the program through a shell, which first sets up its surroundings with
    /// `made` and continues with `exec "$@"`.
    fn command_line(&self, around: &[&str], made: &str, args: &[&str]) -> Vec<String> {
        let script = format!("{made} || exit 77; exec \"$@\"");
        let shell = ["bash", "-c", &script, "bash"];
        let program = self.program.to_string_lossy().into_owned();
        let before = around.iter().chain(&shell).map(|word| (*word).to_owned());
        before.chain([program]).chain(args.iter().map(|word| (*word).to_owned())).collect()
    }

    /// Runs the program to its end.
    fn run(&self, around: &[&str], made: &str, args: &[&str]) -> RunOutput {
        let words = self.command_line(around, made, args);
        let output = Command::new(&words[0]).args(&words[1..]).output().expect("it can be started");
        RunOutput(output)
    }

    /// Runs the program in a terminal.
    fn terminal(&self, around: &[&str], made: &str, args: &[&str]) -> Pty {
        let words = self.command_line(around, made, args);
        let mut command = CommandBuilder::new(&words[0]);
        command.args(&words[1..]);
        Pty::start(command, 40, 200)
    }

    /// Returns whether this machine allows such surroundings; otherwise prints that under the name of the test.
    fn is_supported(&self, test: &str, around: &[&str], made: &str) -> bool {
        let words = self.command_line(around, made, &["--version"]);
        let tried = Command::new(&words[0]).args(&words[1..]).output();
        let can = tried.as_ref().is_ok_and(|output| output.status.success());
        if !can {
            report_skipped(test, &format!("`{} {made}`: {tried:?}", around.join(" ")));
        }
        can
    }
}

/// The output of a run.
struct RunOutput(Output);

impl RunOutput {
    fn output_text(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned() + &String::from_utf8_lossy(&self.0.stderr)
    }

    fn code(&self) -> Option<i32> {
        self.0.status.code()
    }

    /// Returns the report of a run that did not fail. Expectations may be unmet in such a short time.
    fn report(&self) -> Value {
        let report: Value =
            serde_json::from_slice(&self.0.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.output_text()));
        assert!(matches!(self.code(), Some(0 | 1)) && report["ended"] != "crashed", "{}", self.output_text());
        report
    }
}

/// A control group that shares the cores by weight, removed on drop.
struct Group(PathBuf);

impl Group {
    /// Creates the group. Where that is not allowed, prints so under the name of the test and returns `None`.
    fn new(test: &str) -> Option<Self> {
        let name = format!("contend-{test}-{}", std::process::id());
        let made = ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup"].iter().find_map(|root| {
            let path = Path::new(root).join(&name);
            fs::create_dir(&path).ok()?;
            let group = Self(path);
            (group.has("cpu.shares") || group.has("cpu.max")).then_some(group)
        });
        if made.is_none() {
            report_skipped(test, "a control group with the cpu controller, which root may make");
        }
        made
    }

    fn has(&self, file: &str) -> bool {
        self.0.join(file).exists()
    }

    /// Limits the group to this many cores.
    fn set_quota(&self, cores: f64) {
        let (file, text) = match (100_000.0 * cores) as u64 {
            quota if self.has("cpu.max") => ("cpu.max", format!("{quota} 100000")),
            quota => ("cpu.cfs_quota_us", quota.to_string()),
        };
        fs::write(self.0.join(file), text).expect("a quota can be set");
    }

    /// Returns the shell command that enters the group.
    fn enter(&self) -> String {
        format!("echo $$ > {}/cgroup.procs", self.0.display())
    }
}

impl Drop for Group {
    /// A group can be removed only when the kernel has removed its last process.
    fn drop(&mut self) {
        let start = std::time::Instant::now();
        while fs::remove_dir(&self.0).is_err() && self.0.exists() && start.elapsed().as_secs() < 10 {
            std::thread::yield_now();
        }
    }
}
