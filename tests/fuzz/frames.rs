//! Any bytes on the pipes beside the rings.

use contend::catalogue;
use contend::engine::{Down, Start, Up};
use contend::scenario::check;
use contend::trace::{Death, KnobId, Notice, PoolId, Span, WorkerId, frame};
use serde::{Serialize, de::DeserializeOwned};

use crate::drive::{Bytes, Target};

/// Reads frames to the end, or to the first that is none. What was read can be sent, and is the same then.
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
        0 => read::<Down>(rest),
        1 => read::<Start>(rest),
        _ => read::<Up>(rest),
    }
}

/// Streams as they are, a byte for the kind before each.
fn seeds() -> Vec<Vec<u8>> {
    let worker = WorkerId(3);
    let notices = [
        Notice::Started { worker, pid: 1_234, tid: 1_235 },
        Notice::Died { worker, death: Death::Exit(3) },
        Notice::Died { worker, death: Death::Signal(9) },
        Notice::Died { worker, death: Death::CutOff },
        Notice::Turned { knob: KnobId(1), name: "hold".into(), shown: "5 ms".into() },
        Notice::Resized { pool: PoolId(0), workers: 8 },
        Notice::Failed { worker, what: "broken.jpg: not an image".into() },
        Notice::Stderr("\u{1b}[31mred".into()),
        Notice::Note("19 cores asked for, 2 there".into()),
        Notice::Suspended(Span::millis(28_800_000)),
    ];
    let mut ups = vec![2];
    for notice in notices {
        frame::send(&mut ups, &Up::Notice { ticks: 1 << 40, notice }).expect("a vector takes all");
    }
    for up in [Up::Going { ticks: 1 }, Up::Failed("no".into()), Up::Finished { ticks: u64::MAX }] {
        frame::send(&mut ups, &up).expect("a vector takes all");
    }
    let mut downs = vec![0];
    for down in [Down::Turned(KnobId(2)), Down::Kill(worker)] {
        frame::send(&mut downs, &down).expect("a vector takes all");
    }
    [ups, downs].into_iter().chain(starts()).collect()
}

/// What a runner is told first, for some of the catalogue.
fn starts() -> impl Iterator<Item = Vec<u8>> {
    catalogue::all().iter().step_by(9).map(|entry| {
        let source = catalogue::find(entry.name).expect("it is of the catalogue");
        let scenario = check(&source).expect("so it has no mistakes").scenario;
        let settings = scenario.defaults();
        let mut start = vec![1];
        let told = Start { version: "0".into(), scenario, settings, job: contend::engine::Job::default() };
        frame::send(&mut start, &told).expect("a vector takes all");
        start
    })
}

#[test]
fn any_bytes_on_a_pipe_are_frames_or_an_error() {
    Target { name: "frames", seeds: seeds(), words: Vec::new(), longest: 1_500, some: 20_000 }.fuzz(stream);
}
