//! Joining the Python tracer to a process that runs already: `sys.remote_exec` of Python 3.14 makes the main thread of
//! the process run a script when it next runs Python code.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::environment::Directories;
use contend_platform::{CommandOptions, process_exists, process_start_time, run_command};
use contend_program::runtime_of;

/// How long the process's own Python may take to send a script.
const SEND_LIMIT: Duration = Duration::from_secs(5);
/// How long the start of a run waits for the main thread. A thread that runs or sleeps for a moment needs less.
const ANSWER_LIMIT: Duration = Duration::from_millis(500);
const ANSWER_INTERVAL: Duration = Duration::from_millis(5);

/// The program with which the Python of the process sends a script. It prints the result.
const SENDER: &str = "\
import sys
if not hasattr(sys, 'remote_exec'):
    print('old %d.%d' % sys.version_info[:2])
else:
    try:
        sys.remote_exec(int(sys.argv[1]), sys.argv[2])
        print('sent')
    except PermissionError:
        print('denied')
    except Exception as error:
        print('refused %s' % error)
";

/// The script with which the main thread of the process ends the trace. The file removes itself.
const LEAVING: &str = "\
import os, sys
try:
    os.unlink(__FILE__)
except OSError:
    pass
if 'contend_trace.joining' in sys.modules:
    sys.modules['contend_trace.joining'].leave()
";

/// The name of that file begins so; the number of the process follows.
const LEAVING_PREFIX: &str = "contend-leave-";

/// The answer of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// Its main thread has not run since.
    None,
    Joined,
    /// The reason why it has not joined.
    Refused(String),
}

/// A tracer that was sent to a process.
#[derive(Debug)]
pub(super) struct SentTracer {
    pid: u32,
    born: Option<u64>,
    python: PathBuf,
    answer: PathBuf,
}

impl SentTracer {
    /// Sends the tracer to a process, which writes into these directories then. The error is the reason why it cannot,
    /// or nothing if it is no Python process.
    pub fn send(pid: u32, directories: &Directories) -> Result<Self, Option<String>> {
        if runtime_of(pid).is_none() {
            return Err(None);
        }
        let python = python_of(pid).map_err(Some)?;
        let answer = directories.tracer.join("answer");
        let script = directories.tracer.join("join.py");
        let text = [&directories.tracer, &directories.traces, &answer].map(|path| python_text(path));
        let [Some(tracer), Some(traces), Some(file)] = text else {
            return Err(Some("the temporary directory has a name that is no text".to_owned()));
        };
        let version = env!("CARGO_PKG_VERSION");
        let join = format!(
            "import sys\nsys.path.insert(0, {tracer})\ntry:\n    from contend_trace import joining\n    \
             joining.answer({tracer}, {traces}, {file}, '{version}')\nfinally:\n    sys.path.remove({tracer})\n"
        );
        let prepare = || -> io::Result<()> {
            fs::write(&script, join)?;
            give_to_owner(pid, directories.tracer.parent().unwrap_or(&directories.tracer))
        };
        prepare().map_err(|error| Some(format!("its files cannot be written: {error}")))?;
        if !is_visible(pid, &script) {
            return Err(Some("its files are not ours: it runs in a container".to_owned()));
        }
        send_script(&python, pid, &script)?;
        Ok(Self { pid, born: process_start_time(pid), python, answer })
    }

    /// Waits a moment for the main thread of the process.
    pub fn wait(&self) -> Answer {
        let deadline = Instant::now() + ANSWER_LIMIT;
        loop {
            let answer = self.answer();
            if answer != Answer::None || Instant::now() >= deadline {
                return answer;
            }
            thread::sleep(ANSWER_INTERVAL);
        }
    }

    /// Returns what the process has answered until now.
    pub fn answer(&self) -> Answer {
        match fs::read_to_string(&self.answer) {
            Ok(said) if said == "joined" => Answer::Joined,
            Ok(said) if said == "busy" => Answer::Refused("another contend has joined it".to_owned()),
            Ok(said) => Answer::Refused(contend_scenario::sanitize(&said)),
            Err(_) => Answer::None,
        }
    }

    /// Takes the tracer out, as soon as the main thread runs. A script that it has not run yet will not be run.
    pub fn leave(&self) {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        if matches!(self.answer(), Answer::Refused(_)) || process_start_time(self.pid) != self.born {
            return;
        }
        let number = NEXT.fetch_add(1, Ordering::Relaxed); // Relaxed: a number without others to order
        let name = format!("{LEAVING_PREFIX}{}-{}-{number}.py", self.pid, std::process::id());
        remove_stale_scripts();
        let script = std::env::temp_dir().join(name);
        let Some(text) = python_text(&script) else { return };
        let write = || -> io::Result<()> {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&script)?;
            file.write_all(LEAVING.replace("__FILE__", &text).as_bytes())?;
            give_to_owner(self.pid, &script)
        };
        if write().is_err() || send_script(&self.python, self.pid, &script).is_err() {
            let _ = fs::remove_file(&script);
        }
    }
}

/// Makes the Python of a process send it a script.
fn send_script(python: &Path, pid: u32, script: &Path) -> Result<(), Option<String>> {
    let mut words: Vec<OsString> = vec![python.into()];
    words.extend(["-I", "-S", "-c", SENDER].map(OsString::from));
    words.extend([pid.to_string().into(), script.into()]);
    let options = CommandOptions { timeout: Some(SEND_LIMIT), on_group_change: |_| {}, should_stop: || false };
    let said = run_command(&words, &options).map(|result| result.output_tail).unwrap_or_default();
    let said = contend_scenario::sanitize(String::from_utf8_lossy(&said).trim());
    match said.split_once(' ').unwrap_or((&said, "")) {
        ("sent", _) => Ok(()),
        ("old", version) => Err(Some(format!("Python {version} cannot be joined while it runs, 3.14 can"))),
        ("denied", _) => Err(Some(format!("the system does not allow it: run `sudo contend attach {pid}`"))),
        ("refused", reason) if reason.contains("not enabled") => {
            Err(Some("remote debugging is disabled in it (PYTHON_DISABLE_REMOTE_DEBUG)".to_owned()))
        }
        ("refused", reason) => Err(Some(format!("its Python refuses: {reason}"))),
        _ => Err(Some(format!("{} does not run here", python.display()))),
    }
}

/// Removes the scripts of processes that have ended without running them.
fn remove_stale_scripts() {
    for entry in fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix(LEAVING_PREFIX)?.split_once('-')?.0.parse().ok());
        if pid.is_some_and(|pid: u32| !process_exists(pid)) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Returns the program of a process if it is a Python that can be started here.
fn python_of(pid: u32) -> Result<PathBuf, String> {
    let link = PathBuf::from(format!("/proc/{pid}/exe"));
    let path = fs::read_link(&link).map_err(|_| "its program cannot be seen".to_owned())?;
    let is_python = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("python"));
    if !is_python {
        return Err(format!("its program is {}, which has Python inside", path.display()));
    }
    let file = |path: &Path| fs::metadata(path).ok().map(|data| (data.dev(), data.ino()));
    if file(&path) == file(&link) { Ok(path) } else { Err("its Python is not at its place any more".to_owned()) }
}

/// Whether a process sees the same file at a path.
fn is_visible(pid: u32, path: &Path) -> bool {
    let file = |path: &Path| fs::metadata(path).ok().map(|data| (data.dev(), data.ino()));
    let theirs = PathBuf::from(format!("/proc/{pid}/root{}", path.display()));
    file(path).is_some() && file(path) == file(&theirs)
}

/// Gives files to the user of a process, if contend runs as root for another user.
fn give_to_owner(pid: u32, path: &Path) -> io::Result<()> {
    let owner = fs::metadata(format!("/proc/{pid}"))?;
    if rustix::process::geteuid().is_root() && owner.uid() != 0 { give(path, owner.uid(), owner.gid()) } else { Ok(()) }
}

fn give(path: &Path, uid: u32, gid: u32) -> io::Result<()> {
    chown(path, Some(uid), Some(gid))?;
    if fs::symlink_metadata(path)?.is_dir() {
        for entry in fs::read_dir(path)? {
            give(&entry?.path(), uid, gid)?;
        }
    }
    Ok(())
}

/// Returns a path as a text in Python.
fn python_text(path: &Path) -> Option<String> {
    serde_json::to_string(path.to_str()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn process_without_python_is_left_alone() {
        let scratch = tempfile::tempdir().expect("a directory");
        let directories = Directories::create(scratch.path()).expect("they are made");
        assert!(matches!(SentTracer::send(std::process::id(), &directories), Err(None)));
        assert!(python_of(std::process::id()).is_err_and(|reason| reason.contains("which has Python inside")));
        assert!(is_visible(std::process::id(), scratch.path()));
        assert!(!is_visible(std::process::id(), Path::new("/no/such/file")));
    }
}
