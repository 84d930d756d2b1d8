//! Fuzz target: records of any workers and messages beside them, applied to a model and reported.

use std::sync::Arc;

use contend::engine::{InputItems, Plan};
use contend::model::{Budget, Model};
use contend::platform::Machine;
use contend::report::{self, Report};
use contend::scenario::{Scenario, Settings, Source, check};
use contend::trace::{
    DeathCause, Event, EventKind, Message, Notice, PoolId, Record, Registry, ResourceId, RunEnd, Sample, Stamp, State,
    WaitSlot, WaitSnapshot, WorkerId,
};

use crate::drive::{Bytes, Target};

/// A registry with one object of each kind.
const ALL: &str = r#"
knob work "1ms" min="0us" max="1s" help="how long it takes"
mutex a count=2
rwlock b
semaphore c permits=2
counter d
queue e capacity=3
pipe f
condition g of=a
event h
barrier j parties=2
server site capacity=2 room=4
thread k { forever { lock a at=0 { lock a at=1 { compute $work } }; put e; wait h; meet j; spawn m; join m } }
thread l { forever { take e; set h; meet j; read b { load d; store d }; write b { add d }; acquire c; release c } }
process m { http-get site path="/{n}" }
pool w of=processes workers=3 { task { compute $work } }
thread n { repeat 9 { submit w; result }; send f; receive f }
"#;

struct World {
    scenario: Scenario,
    settings: Settings,
    registry: Arc<Registry>,
}

impl World {
    fn new() -> Self {
        let source = Source { name: "all".into(), path: None, text: ALL.into() };
        let scenario = check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}")).scenario;
        let settings = scenario.default_settings();
        let plan = Plan::new(&scenario, &settings, &InputItems::default()).unwrap_or_else(|why| panic!("{why}"));
        Self { scenario, settings, registry: Arc::new(plan.registry) }
    }

    fn run(&self, input: &[u8]) {
        let mut model = Model::new(Arc::clone(&self.registry), Budget { bytes: 64 << 10 });
        let mut bytes = Bytes::new(input);
        let (mut now, mut events) = (Stamp(0), 0);
        while !bytes.is_empty() {
            let message = self.message(&mut bytes, &mut now);
            if let Message::Events(some) = &message {
                events += some.len() as u64;
            }
            model.apply(&message);
        }
        assert_eq!(model.health().events, events);
        self.report(&model, now, input.len().is_multiple_of(2));
    }

    fn message(&self, bytes: &mut Bytes<'_>, now: &mut Stamp) -> Message {
        let what = bytes.byte();
        match what {
            0..200 => Message::Events((0..=what % 4).map(|_| self.event(bytes, now)).collect()),
            200..210 => Message::Watermark(*now),
            210..230 => Message::Sample(self.sample(bytes, *now)),
            230..248 => Message::Notice { at: *now, notice: self.notice(bytes) },
            248..254 => Message::WaitSnapshot(self.snapshot(bytes, now)),
            _ => Message::Ended { at: *now, reason: RunEnd::Completed },
        }
    }

    fn event(&self, bytes: &mut Bytes<'_>, now: &mut Stamp) -> Event {
        let (worker, kind) = (self.worker(bytes), self.kind(bytes));
        Event { at: later(bytes, now), worker, kind }
    }

    /// Returns a record, mostly of a valid kind, since invalid kinds are rejected early.
    fn kind(&self, bytes: &mut Bytes<'_>) -> EventKind {
        let (kind, id, flags) = (bytes.number(1) % 64, bytes.number(1), bytes.number(1));
        let size = [1, 1, 1, 2, 3, 5][bytes.below(6)];
        let word = kind | self.near(id) << 6 | (flags & 3) << 22 | bytes.number(size) << 24;
        Record { ticks: 0, word }.kind()
    }

    fn snapshot(&self, bytes: &mut Bytes<'_>, now: &mut Stamp) -> WaitSnapshot {
        let slots = (0..bytes.below(5)).map(|_| WaitSlot {
            worker: self.worker(bytes),
            at: later(bytes, now),
            life: bytes.number(1),
            lost: bytes.number(1),
            events: (0..bytes.below(5)).map(|_| self.kind(bytes)).collect(),
        });
        let slots = slots.collect();
        let mut lacking: Vec<(ResourceId, State)> = (0..bytes.below(5))
            .map(|_| (ResourceId(self.near(bytes.number(1)) as u32), State::ALL[bytes.below(State::ALL.len())]))
            .collect();
        lacking.sort_unstable();
        WaitSnapshot { slots, unavailable: lacking }
    }

    /// Returns a valid id, or one just beyond.
    fn near(&self, id: u64) -> u64 {
        if id == 255 { 0xffff } else { id % (self.registry.resources.len() as u64 + 1) }
    }

    fn worker(&self, bytes: &mut Bytes<'_>) -> WorkerId {
        WorkerId(bytes.below(self.registry.workers.len() + 1) as u32)
    }

    fn sample(&self, bytes: &mut Bytes<'_>, at: Stamp) -> Sample {
        let worker = self.worker(bytes);
        match bytes.below(6) {
            0 => {
                let to = Stamp(at.0.saturating_add(bytes.number(4)));
                Sample::Sched { worker, from: at, to, running: bytes.number(4), ready: bytes.number(8) }
            }
            1 => Sample::Cores {
                at,
                load: (0..bytes.below(4))
                    .map(|_| Some(f32::from_bits(bytes.number(4) as u32)).filter(|f| *f >= 0.0))
                    .collect(),
            },
            2 => Sample::Counter { at, counter: ResourceId(bytes.number(1) as u32), value: bytes.number(8) as i64 },
            3 => Sample::Ring { worker, produced: bytes.number(8), lost: bytes.number(8) },
            4 => {
                let to = Stamp(at.0.saturating_add(bytes.number(4)));
                Sample::Usage { from: at, to, run: bytes.number(8), viewer: bytes.number(4) }
            }
            _ => Sample::EventCost { nanos: f32::from_bits(bytes.number(4) as u32) },
        }
    }

    fn notice(&self, bytes: &mut Bytes<'_>) -> Notice {
        let worker = self.worker(bytes);
        match bytes.below(7) {
            0 => Notice::Started { worker, pid: bytes.number(2) as u32, tid: bytes.number(2) as u32 },
            1 => Notice::Died { worker, cause: DeathCause::Signal(bytes.number(1) as i32) },
            2 => Notice::Died { worker, cause: DeathCause::CutOff },
            3 => Notice::Resized { pool: PoolId(bytes.number(1) as u32), workers: bytes.number(4) as u32 },
            4 => Notice::TaskFailed { worker, message: String::from_utf8_lossy(bytes.take(5)).into_owned() },
            5 => Notice::Stderr(String::from_utf8_lossy(bytes.take(9)).into_owned()),
            _ => Notice::Note(String::new()),
        }
    }

    /// Reports a run as text or as JSON.
    fn report(&self, model: &Model, at: Stamp, in_words: bool) {
        let machine = Machine { cores: 2, usable: 2, quota: None, os: "any".into() };
        let verdicts = report::judge_expectations(model, &self.scenario, &self.settings, at);
        let report = Report {
            time_limit: None,
            model,
            scenario: &self.scenario,
            settings: &self.settings,
            machine: &machine,
            ended: &RunEnd::Completed,
            ended_at: at,
            findings: &model.findings(at),
            muted: &[],
            verdicts: &verdicts,
        };
        if in_words {
            let _ = report::report_text(&report, report::TextFormat::default());
        } else {
            let _ = report::report_json(&report);
        }
    }
}

/// Advances the time by a small or large amount, and sometimes sets it back.
fn later(bytes: &mut Bytes<'_>, now: &mut Stamp) -> Stamp {
    let by = bytes.byte();
    let at = match by {
        0..200 => Stamp(now.0.saturating_add(u64::from(by) << 14)),
        200..240 => Stamp(now.0.saturating_add(bytes.number(usize::from(by - 200) / 5))),
        240..250 => return Stamp(now.0.saturating_sub(u64::from(by) << 12)),
        _ => return Stamp(bytes.number(8)),
    };
    *now = at;
    at
}

#[test]
fn arbitrary_events_give_a_model_and_a_report() {
    let world = World::new();
    let seeds = vec![(0..=255).collect(), vec![3; 200]];
    let target = Target { name: "events", seeds, words: Vec::new(), longest: 400, some: 500 };
    target.fuzz(|input| world.run(input));
}
