//! Files that are not scenarios: the error says what they are, and reading never blocks.

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::Path;

use contend::scenario;

fn error(path: &Path) -> String {
    let path = path.to_str().expect("a path in UTF-8");
    contend::catalogue::find(path).expect_err("it is no scenario").to_string()
}

#[test]
fn scenario_file_with_byte_order_mark_and_crlf_is_read() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("mine.kdl");
    fs::write(&path, "\u{feff}title \"Mine\"\r\nthread w {\r\n    compute \"1ms\"\r\n}\r\n").expect("written");
    let source = contend::catalogue::find(path.to_str().expect("a path")).expect("it is a file");
    assert_eq!(source.name, "mine");
    let checked = scenario::check(&source).expect("byte order mark and CRLF are accepted");
    assert_eq!(checked.scenario.title, "Mine");
}

#[test]
fn error_names_directory_device_pipe_socket_and_missing_file() {
    let directory = tempfile::tempdir().expect("a directory");
    assert!(error(directory.path()).contains("is a directory, but a scenario must be a regular file"));
    assert!(error(&directory.path().join("none.kdl")).ends_with("does not exist"));
    assert!(error(Path::new("/dev/zero")).contains("is a device"));

    let pipe = directory.path().join("pipe.kdl");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).expect("a pipe");
    assert!(error(&pipe).contains("is a named pipe"));

    let socket = directory.path().join("socket.kdl");
    let _open = UnixListener::bind(&socket).expect("a socket");
    assert!(error(&socket).contains("is a socket"));

    let link = directory.path().join("link.kdl");
    std::os::unix::fs::symlink(&link, &link).expect("a link");
    assert!(error(&link).contains("cannot be read: "));
}

#[test]
fn error_names_utf16_binary_invalid_utf8_and_too_large_files() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("odd.kdl");
    let error_for = |bytes: &[u8]| {
        fs::write(&path, bytes).expect("written");
        error(&path)
    };
    assert!(error_for(b"\xff\xfet\0i\0t\0l\0e\0").ends_with("is UTF-16, but a scenario must be UTF-8 text"));
    assert!(error_for(b"t\0i\0t\0l\0e\0 \0\"\0x\0\"\0").contains("is UTF-16"));
    assert!(error_for(b"\x7fELF\x02\x01\x01\0\0\0\0\xff\xfe\xfd").contains("is binary"));
    assert!(error_for(b"title \"caf\xe9\"\n").contains("is not valid UTF-8 (byte 11 of line 1)"));
    assert!(error_for(b"a\nb\nc \xff\n").contains("is not valid UTF-8 (byte 3 of line 3)"));
    assert!(error_for(&vec![b' '; (1 << 20) + 1]).contains("is larger than 1 MiB"));
}

#[test]
fn misspelled_catalogue_name_gets_a_suggestion() {
    let error_for = |name: &str| contend::catalogue::find(name).expect_err("it is unknown").to_string();
    assert_eq!(error_for("philosphers"), "no scenario is called `philosphers`; did you mean `philosophers`?");
    assert!(error_for("zzzzzz").contains("`contend list` lists all"));
    assert!(!error_for("\u{1b}[2J").contains('\u{1b}'));
    assert!(error_for("").starts_with("no scenario is called"));
    assert!(error_for("nul\0/x").contains("cannot be read"));
}
