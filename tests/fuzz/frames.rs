//! Fuzz target: bytes on the pipes beside the rings.

use contend::catalogue;
use contend::engine::{RunnerCommand, RunnerMessage, StartRequest};
use contend::scenario::check;
use contend::trace::{DeathCause, KnobId, Notice, PoolId, Span, WorkerId, frame};
use serde::{Serialize, de::DeserializeOwned};

use crate::drive::{Bytes, Target};

/// Reads frames up to the end or the first invalid one. A frame that was read must be equal after sending it again.
fn read<T: Serialize + DeserializeOwned>(mut stream: &[u8]) {
    while let Ok(Some(read)) = frame::receive::<T>(&mut stream) {
        let (mut once, mut twice) = (Vec::new(), Vec::new());
        frame::send(&mut once, &read).expect("it came in a frame");
        let again = frame::receive::<T>(once.as_slice()).expect("it was sent just now").expect("and is there");
        frame::send(&mut twice, &again).expect("as above");
        assert_eq!(once, twice);
    }
}

fn stream(input: &[u8]) {
    let mut bytes = Bytes::new(input);
    let which = bytes.byte();
    let rest = bytes.take(usize::MAX);
    match which % 8 {
        0 => read::<RunnerCommand>(rest),
        1 => read::<StartRequest>(rest),
        _ => read::<RunnerMessage>(rest),
    }
}

/// Returns valid streams, each after a byte for its kind.
fn seeds() -> Vec<Vec<u8>> {
    let worker = WorkerId(3);
    let notices = [
        Notice::Started { worker, pid: 1_234, tid: 1_235 },
        Notice::Died { worker, cause: DeathCause::Exit(3) },
        Notice::Died { worker, cause: DeathCause::Signal(9) },
        Notice::Died { worker, cause: DeathCause::CutOff },
        Notice::KnobSet { knob: KnobId(1), name: "hold".into(), value_text: "5 ms".into() },
        Notice::Resized { pool: PoolId(0), workers: 8 },
        Notice::TaskFailed { worker, message: "broken.jpg: not an image".into() },
        Notice::Stderr("\u{1b}[31mred".into()),
        Notice::Note("19 cores asked for, 2 there".into()),
        Notice::Suspended(Span::from_millis(28_800_000)),
    ];
    let mut ups = vec![2];
    for notice in notices {
        frame::send(&mut ups, &RunnerMessage::Notice { ticks: 1 << 40, notice }).expect("a vector takes any data");
    }
    for up in [
        RunnerMessage::Started { ticks: 1 },
        RunnerMessage::Failed("no".into()),
        RunnerMessage::Finished { ticks: u64::MAX },
    ] {
        frame::send(&mut ups, &up).expect("a vector takes any data");
    }
    let mut downs = vec![0];
    for down in [RunnerCommand::KnobChanged(KnobId(2)), RunnerCommand::KillWorker(worker)] {
        frame::send(&mut downs, &down).expect("a vector takes any data");
    }
    [ups, downs].into_iter().chain(starts()).collect()
}

/// Returns the first message to a runner, for some scenarios of the catalogue.
fn starts() -> impl Iterator<Item = Vec<u8>> {
    catalogue::all().iter().step_by(9).map(|entry| {
        let source = catalogue::find(entry.name).expect("it is of the catalogue");
        let scenario = check(&source).expect("so it has no mistakes").scenario;
        let settings = scenario.default_settings();
        let mut start = vec![1];
        let request = StartRequest {
            build: contend::engine::Build::own(),
            scenario,
            settings,
            input_items: contend::engine::InputItems::default(),
        };
        frame::send(&mut start, &request).expect("a vector takes any data");
        start
    })
}

#[test]
fn arbitrary_pipe_bytes_give_frames_or_an_error() {
    Target { name: "frames", seeds: seeds(), words: Vec::new(), longest: 1_500, some: 20_000 }.fuzz(stream);
}
