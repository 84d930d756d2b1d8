//! Names for a process that contend did not start, and for its threads.

use contend_scenario::sanitize;

/// The longest name, in characters.
const MAX_NAME: usize = 60;

/// Returns the words that started a process. Empty once it is gone, and for threads of the kernel.
pub(super) fn command_words(pid: u32) -> Vec<String> {
    let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words = bytes.split(|byte| *byte == 0).map(|word| sanitize(&String::from_utf8_lossy(word)));
    words.filter(|word| !word.is_empty()).collect()
}

/// Returns the short name of a process: its script if an interpreter runs one, or its program.
pub(super) fn process_name(pid: u32) -> String {
    let words = command_words(pid);
    let name = match name_of_words(&words) {
        "" => sanitize(comm(pid, pid).trim()),
        name => name.to_owned(),
    };
    name.chars().take(MAX_NAME).collect()
}

fn name_of_words(words: &[String]) -> &str {
    let Some(program) = words.first().map(|word| file_name(word)) else { return "" };
    let script = words.iter().skip(1).find(|word| !word.starts_with('-'));
    match script {
        Some(script) if program.starts_with("python") && !words.iter().any(|word| word == "-c") => file_name(script),
        _ => program,
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// Returns the name of a thread: the system's, if it has one of its own.
pub(super) fn thread_name(pid: u32, tid: u32) -> String {
    if pid == tid {
        return format!("{} {pid}", process_name(pid));
    }
    let own = comm(pid, tid);
    if own.is_empty() || own == comm(pid, pid) {
        return format!("thread {tid}");
    }
    format!("{} {tid}", sanitize(own.trim()))
}

fn comm(pid: u32, tid: u32) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/task/{tid}/comm")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn process_is_named_after_its_script() {
        let name =
            |words: &[&str]| name_of_words(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()).to_owned();
        assert_eq!(name(&["/usr/bin/python3.11", "-u", "/srv/app/server.py", "x"]), "server.py");
        assert_eq!(name(&["python3", "-m", "http.server"]), "http.server");
        assert_eq!(name(&["python3", "-c", "import time"]), "python3");
        assert_eq!(name(&["/usr/sbin/nginx", "-g"]), "nginx");
        assert_eq!(name(&[]), "");
    }

    #[test]
    fn threads_have_the_name_that_the_system_knows() {
        let me = std::process::id();
        assert!(thread_name(me, me).ends_with(&format!(" {me}")));
        let named = std::thread::Builder::new().name("own-name".into());
        let tid = named.spawn(move || thread_name(me, contend_platform::thread_id())).expect("a thread starts");
        assert!(tid.join().expect("no panic").starts_with("own-name "));
    }
}
