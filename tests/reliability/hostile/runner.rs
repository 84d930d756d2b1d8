//! Runners replaced by another program.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use contend::model::{Budget, Model};
use contend::scenario::{Source, check};
use contend::source::{EventSource, LiveRun};
use contend::trace::RunEnd;

use super::program;

/// Returns the end of a run whose runner is this script. The run memory is its descriptor 3.
fn ended_with(script: &str) -> String {
    let directory = tempfile::tempdir().expect("a directory");
    end_of(&program::install_script(directory.path(), "runner", script), script)
}

fn end_of(image: &Path, script: &str) -> String {
    let text = "thread w count=3 { forever { sleep \"1ms\" } }";
    let source = Source { name: "x".into(), path: None, text: text.into() };
    let scenario = check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}")).scenario;
    let live =
        LiveRun::start_with_image(&scenario, &scenario.default_settings(), Some(image.to_owned())).expect("it starts");
    let mut model = Model::new(Arc::clone(&live.header().registry), Budget { bytes: 1 << 20 });
    let since = Instant::now();
    loop {
        assert!(since.elapsed() < Duration::from_mins(1), "{script} does not end");
        let Ok(message) = live.messages().recv_timeout(Duration::from_secs(1)) else { continue };
        model.apply(&message);
        let _ = model.findings(live.now());
        if let Some((_, how)) = model.run_end() {
            return if let RunEnd::Crashed(why) = how { why.clone() } else { how.word().to_owned() };
        }
    }
}

#[test]
fn program_that_is_not_a_runner_is_reported_with_its_exit() {
    for (script, says) in [
        ("exit 3", "the runner exited with code 3"),
        ("exit 0", "the runner exited with code 0"),
        ("kill -ABRT $$", "the runner was killed by SIGABRT"),
        ("head -c 100000 /dev/urandom", "cannot read the runner's messages"),
        ("printf '\\377\\377\\377\\377'", "announced a frame of 4294967295 bytes"),
        ("printf '\\012\\000\\000\\000abc'", "ended inside a frame"),
        // More than the pipe's capacity, but not much: each line is a message, and 100,000 of them take minutes on a
        // loaded machine.
        ("yes \"$(printf %0199d 0)\" | head -n 1000 >&2; exit 4", "the runner exited with code 4"),
        ("dd if=/dev/urandom of=/proc/self/fd/3 conv=notrunc bs=65536 count=64 2>&-; exit 5", "exited with code 5"),
        ("(dd if=/dev/urandom of=/proc/$$/fd/3 conv=notrunc bs=65536 2>&- & sleep 0.3; kill -9 $$)", "SIGKILL"),
    ] {
        let message = ended_with(script);
        assert!(message.contains(says), "{script}: {message}");
    }
}
