//! Tuning on a machine that other programs keep busy, with real processes.

use std::process::{Child, Command, Output, Stdio};

/// One computing process for each core, killed on drop.
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
fn busy_machine_is_refused_and_with_anyway_gives_a_caveat() {
    let _burners = Burners::start();
    let refused = tune(&[]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && refused.stdout.is_empty());
    assert!(said.contains("others keep") && said.contains("--anyway"), "{said}");

    let anyway = tune(&["--anyway"]);
    let said = String::from_utf8_lossy(&anyway.stdout);
    assert!(said.contains("Other programs kept") && said.contains("before the tuning began"), "{said}");
}
