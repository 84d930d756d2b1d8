//! Tuning while other programs keep the machine busy.

use std::process::{Child, Command, Output, Stdio};

/// One busy-looping process for each core, killed on drop.
struct Burners(Vec<Child>);

impl Burners {
    fn start() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let burner = || Command::new("sh").args(["-c", "while :; do :; done"]).stdin(Stdio::null()).spawn();
        Self((0..cores).map(|_| burner().expect("there is a shell")).collect())
    }
}

impl Drop for Burners {
    fn drop(&mut self) {
        for burner in &mut self.0 {
            let _ = burner.kill();
            let _ = burner.wait();
        }
    }
}

fn tune(more: &[&str]) -> Output {
    let mut contend = Command::new(env!("CARGO_BIN_EXE_contend"));
    contend.args(["tune", "tune-cpu", "--over", "1..4", "--for", "5s"]).args(more);
    contend.output().expect("the program starts")
}

#[test]
fn machine_busy_with_other_programs_is_refused_or_doubted() {
    let _alone = crate::measure_alone();
    let _burners = Burners::start();
    let refused = tune(&[]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && refused.stdout.is_empty());
    assert!(said.contains("other programs use") && said.contains("--anyway"), "{said}");

    let doubted = tune(&["--anyway"]);
    let said = String::from_utf8_lossy(&doubted.stdout);
    assert!(said.contains("Other programs kept") && said.contains("before the tuning began"), "{said}");
}
