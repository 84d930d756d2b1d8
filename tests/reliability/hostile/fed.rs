//! A model that receives invalid events.

use std::sync::Arc;

use contend::engine::{InputItems, Plan};
use contend::model::{Budget, Model};
use contend::scenario::{Source, check};
use contend::trace::{Event, Message, Record, Registry, Stamp, WorkerId};

/// Returns a registry with an object of each kind.
fn registry() -> Arc<Registry> {
    let text = "mutex a count=3\ncounter c\nqueue q capacity=4\nsemaphore s permits=2\nrwlock r\nevent e\n\
                thread w count=4 { lock a { load c; store c add=1 } }\n\
                pool p workers=2 { batch count=9; task { compute \"1us\" } }\n";
    let source = Source { name: "x".into(), path: None, text: text.into() };
    let scenario = check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}")).scenario;
    let plan = Plan::new(&scenario, &scenario.default_settings(), &InputItems::default()).expect("a plan");
    Arc::new(plan.registry)
}

/// A model with little memory, restarted at intervals so that it does not settle into a steady state.
pub struct FedModel {
    registry: Arc<Registry>,
    model: Model,
    events: Vec<Event>,
    pub inputs: usize,
}

impl FedModel {
    pub fn new() -> Self {
        let registry = registry();
        Self {
            model: Model::new(Arc::clone(&registry), Budget { bytes: 1 << 16 }),
            registry,
            events: Vec::new(),
            inputs: 0,
        }
    }

    pub fn apply(&mut self, message: &Message) {
        self.model.apply(message);
        self.inputs += 1;
        if self.inputs.is_multiple_of(5_000) {
            self.snapshot(Stamp(self.inputs as u64));
            self.snapshot(Stamp(u64::MAX));
        }
        if self.inputs.is_multiple_of(20_000) {
            self.model = Model::new(Arc::clone(&self.registry), Budget { bytes: 1 << 16 });
        }
    }

    pub fn snapshot(&self, now: Stamp) {
        let _ = self.model.findings(now);
        let _ = (self.model.newest_stamp(), self.model.health());
    }

    pub fn event(&mut self, record: Record, worker: WorkerId) {
        self.events.push(Event { at: Stamp(record.ticks), worker, kind: record.kind() });
        if self.events.len() == 16 {
            let events = std::mem::take(&mut self.events);
            self.inputs += 15;
            self.inputs -= self.inputs % 16;
            self.model.apply(&Message::Events(events));
        }
    }
}
