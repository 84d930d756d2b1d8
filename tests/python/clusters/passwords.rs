//! The password of a URL: in no report, recording, error or screen.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use portable_pty::CommandBuilder;

use crate::support::pty::Pty;
use crate::support::{poll_until, report_skipped};

const SECRET: &str = "s3cr3tw0rd";

struct Redis {
    process: Child,
    port: u16,
}

impl Redis {
    /// Starts a server that wants the password. `None` where there is none.
    fn start(directory: &Path) -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--requirepass", SECRET, "--save", ""]);
        let process = command.arg("--dir").arg(directory).stdout(Stdio::null()).spawn().ok()?;
        poll_until("the server answers", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        Some(Self { process, port })
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn has_secret(bytes: &[u8]) -> bool {
    bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes())
}

/// Runs contend to its end; returns all that it wrote.
fn said(arguments: &[&str]) -> Vec<u8> {
    let ran = Command::new(env!("CARGO_BIN_EXE_contend")).args(arguments).stdin(Stdio::null()).output();
    let ran = ran.expect("contend starts");
    let all = [ran.stdout, ran.stderr].concat();
    assert!(!all.is_empty(), "{arguments:?} says something");
    all
}

fn assert_hidden(arguments: &[&str]) {
    let said = said(arguments);
    assert!(!has_secret(&said), "{arguments:?}: {}", String::from_utf8_lossy(&said));
}

#[test]
fn passwords_are_in_no_report_recording_or_screen() {
    let directory = tempfile::tempdir().expect("a directory");
    let Some(redis) = Redis::start(directory.path()) else {
        report_skipped("passwords_are_in_no_report_recording_or_screen", "redis-server");
        return;
    };
    let url = format!("redis://:{SECRET}@127.0.0.1:{}/0", redis.port);
    let recording = directory.path().join("run.contend");
    let file = recording.to_str().expect("text");
    assert_hidden(&["attach", "rq", &url, "--json", "--for", "1s", "--record", file]);
    assert_hidden(&["attach", "rq", &url, "--headless", "--for", "1s"]);
    assert!(!has_secret(&fs::read(&recording).expect("a recording")));
    assert_hidden(&["replay", file, "--json"]); // the file may be compressed
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_contend"));
    command.args(["attach", "rq", &url]);
    let mut terminal = Pty::start(command, 40, 120);
    terminal.wait_for_text("LIVE");
    terminal.type_keys("q");
    terminal.wait();
    assert!(!has_secret(terminal.sent()), "{}", terminal.text());
}

#[test]
fn passwords_are_in_no_error() {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    for (engine, scheme) in [("rq", "redis"), ("dask", "http"), ("ray", "http"), ("rq", "http"), ("dask", "ftp")] {
        for user in ["", "anna"] {
            for host in [format!("127.0.0.1:{free}"), "no such host".to_owned(), "[::1".to_owned()] {
                let url = format!("{scheme}://{user}:{SECRET}@{host}/0?token={SECRET}");
                assert_hidden(&["attach", engine, &url, "--headless", "--for", "1s"]);
            }
        }
    }
    // An address in the place of the engine, and of the cluster for scripts.
    let url = format!("redis://:{SECRET}@127.0.0.1:{free}/0");
    let wrong = [&["attach", &url][..], &["run", "--on", &url, "script.py"], &["attach", "4711", &url]];
    for arguments in wrong {
        assert_hidden(arguments);
    }
}
