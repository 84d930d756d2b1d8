//! What the knobs are set to for one run: defaults, and what the command line says.

use super::expr::Expr;
use super::knob::{Knob, KnobKind, Settings};
use super::program::Scenario;
use super::turn::{self, SettingError};
use crate::trace::{KnobId, WorkerKind};

impl Scenario {
    /// The knob with this name.
    pub fn knob(&self, name: &str) -> Option<(KnobId, &Knob)> {
        let at = self.knobs.iter().position(|knob| knob.name == name)?;
        Some((KnobId::from(at), &self.knobs[at]))
    }

    /// Every knob at its default.
    pub fn defaults(&self) -> Settings {
        Settings {
            numbers: self.knobs.iter().map(Knob::default).collect(),
            texts: self
                .knobs
                .iter()
                .map(|knob| match &knob.kind {
                    KnobKind::Text { default } => default.clone(),
                    _ => None,
                })
                .collect(),
            executor: None,
        }
    }

    /// The defaults, changed by `set` (`K=V`, later ones win), by the number of workers, and by what to make of
    /// all groups and pools.
    pub fn settings(
        &self,
        set: &[String],
        workers: Option<u32>,
        executor: Option<WorkerKind>,
    ) -> Result<Settings, SettingError> {
        let mut settings = Settings { executor, ..self.defaults() };
        for text in set {
            self.set(&mut settings, text)?;
        }
        if let Some(workers) = workers {
            let id = self.size_knob().ok_or(SettingError::NoWorkers)?;
            settings.numbers[id.index()] = self.knobs[id.index()].parse(&workers.to_string())?;
        }
        Ok(settings)
    }

    fn set(&self, settings: &mut Settings, text: &str) -> Result<(), SettingError> {
        let (name, value) = text.split_once('=').ok_or_else(|| turn::not_a_setting(text, self.knobs.first()))?;
        let name = name.trim();
        let (id, knob) = self.knob(name).ok_or_else(|| turn::unknown(name, self.knobs.iter()))?;
        settings.numbers[id.index()] = knob.parse(value)?;
        if matches!(knob.kind, KnobKind::Text { .. }) {
            settings.texts[id.index()] = Some(value.to_owned());
        }
        Ok(())
    }

    /// The knob that says how many workers there are: of the first pool, or else of the first group that has one.
    pub fn size_knob(&self) -> Option<KnobId> {
        let pools = self.pools.iter().map(|pool| &pool.workers);
        let groups = self.workers.iter().map(|group| &group.count);
        pools.chain(groups).find_map(|size| match size {
            Expr::Knob(knob) => Some(*knob),
            _ => None,
        })
    }
}
