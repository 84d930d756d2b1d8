//! What of the machine a run may use is what is counted on. What the machine hides, or does meanwhile, does no harm: what is
//! not known is told as that, and nothing waits, panics or catches up for ever.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a test says why it was not run, and what it measured")]

mod clocks;
mod cores;
mod hidden;
mod late;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::program::install_copy;
use crate::support::pty::Pty;
use portable_pty::CommandBuilder;
use serde_json::Value;

/// The program, in a directory that everybody may look into.
struct Place {
    directory: tempfile::TempDir,
    program: PathBuf,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).expect("it is ours");
        let program = install_copy(env!("CARGO_BIN_EXE_contend"), directory.path().join("contend"));
        Self { directory, program }
    }

    /// A scenario in a file; its path.
    fn scenario(&self, text: &str) -> String {
        let file = self.directory.path().join("own.kdl");
        fs::write(&file, text).expect("it is written");
        file.to_string_lossy().into_owned()
    }

    /// The program with these arguments, started by a shell that has made its surroundings as `made` says: `exec "$@"` goes on.
    fn words(&self, around: &[&str], made: &str, args: &[&str]) -> Vec<String> {
        let script = format!("{made} || exit 77; exec \"$@\"");
        let shell = ["bash", "-c", &script, "bash"];
        let program = self.program.to_string_lossy().into_owned();
        let before = around.iter().chain(&shell).map(|word| (*word).to_owned());
        before.chain([program]).chain(args.iter().map(|word| (*word).to_owned())).collect()
    }

    /// Runs it to its end.
    fn run(&self, around: &[&str], made: &str, args: &[&str]) -> Ran {
        let words = self.words(around, made, args);
        let output = Command::new(&words[0]).args(&words[1..]).output().expect("it can be started");
        Ran(output)
    }

    /// Runs it in a terminal.
    fn terminal(&self, around: &[&str], made: &str, args: &[&str]) -> Pty {
        let words = self.words(around, made, args);
        let mut command = CommandBuilder::new(&words[0]);
        command.args(&words[1..]);
        Pty::start(command, 40, 200)
    }

    /// Whether such surroundings can be had here; says so under the name of the test if not.
    fn can(&self, test: &str, around: &[&str], made: &str) -> bool {
        let words = self.words(around, made, &["--version"]);
        let tried = Command::new(&words[0]).args(&words[1..]).output();
        let can = tried.as_ref().is_ok_and(|output| output.status.success());
        if !can {
            println!("skipped: {test} needs `{} {made}`: {tried:?}", around.join(" "));
        }
        can
    }
}

/// What came of a run.
struct Ran(Output);

impl Ran {
    fn said(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned() + &String::from_utf8_lossy(&self.0.stderr)
    }

    fn code(&self) -> Option<i32> {
        self.0.status.code()
    }

    /// The report of a run that did not fail. What its scenario expects may not have come about in so short a time.
    fn report(&self) -> Value {
        let report: Value =
            serde_json::from_slice(&self.0.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.said()));
        assert!(matches!(self.code(), Some(0 | 1)) && report["ended"] != "crashed", "{}", self.said());
        report
    }
}

/// A control group of our own that shares the cores by a weight, gone with this.
struct Group(PathBuf);

impl Group {
    /// `None`, with a word under the name of the test, where nobody may make one.
    fn new(test: &str) -> Option<Self> {
        let name = format!("contend-{test}-{}", std::process::id());
        let made = ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup"].iter().find_map(|root| {
            let path = Path::new(root).join(&name);
            fs::create_dir(&path).ok()?;
            let group = Self(path);
            (group.has("cpu.shares") || group.has("cpu.max")).then_some(group)
        });
        if made.is_none() {
            println!("skipped: {test} needs a control group with the cpu controller, which root may make");
        }
        made
    }

    fn has(&self, file: &str) -> bool {
        self.0.join(file).exists()
    }

    /// No more than so many cores.
    fn set_quota(&self, cores: f64) {
        let (file, text) = match (100_000.0 * cores) as u64 {
            quota if self.has("cpu.max") => ("cpu.max", format!("{quota} 100000")),
            quota => ("cpu.cfs_quota_us", quota.to_string()),
        };
        fs::write(self.0.join(file), text).expect("a quota can be set");
    }

    /// What a shell does to be in it.
    fn enter(&self) -> String {
        format!("echo $$ > {}/cgroup.procs", self.0.display())
    }
}

impl Drop for Group {
    /// The kernel lets go of it when the last of its processes is gone.
    fn drop(&mut self) {
        let start = std::time::Instant::now();
        while fs::remove_dir(&self.0).is_err() && self.0.exists() && start.elapsed().as_secs() < 10 {
            std::thread::yield_now();
        }
    }
}
