//! What of the machine a run may use is what is counted on.

use std::fs;
use std::process::Command;

/// The first core that this process may use.
fn first_core() -> String {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).expect("it is said");
    list.trim().split([',', '-']).next().expect("one at least").to_owned()
}

#[test]
fn on_one_core_that_is_what_is_shared() {
    let args = ["run", "oversubscription", "--for", "2s"];
    let ran = Command::new("taskset").args(["-c", &first_core(), env!("CARGO_BIN_EXE_contend")]).args(args).output();
    match ran {
        Err(error) => println!("skipped: on_one_core_that_is_what_is_shared needs taskset: {error}"),
        Ok(ran) => {
            let text = String::from_utf8_lossy(&ran.stdout);
            let said = String::from_utf8_lossy(&ran.stderr);
            assert!(text.contains("workers want to run at once on 1 core:"), "{text}{said}");
        }
    }
}
