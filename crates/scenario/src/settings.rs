//! What the knobs are set to for one run: defaults, and what the command line says.

use super::clean::clean;
use super::expr::Expr;
use super::knob::{Knob, KnobKind, Settings};
use super::program::Scenario;
use super::turn::{self, SettingError};
use contend_trace::{KnobId, WorkerKind};

impl Scenario {
    /// The knob with this name.
    pub fn knob(&self, name: &str) -> Option<(KnobId, &Knob)> {
        let at = self.knobs.iter().position(|knob| knob.name == name)?;
        Some((KnobId::from(at), &self.knobs[at]))
    }

    /// The knob with this name.
    ///
    /// # Errors
    /// If there is none; says which there are.
    pub fn find_knob(&self, name: &str) -> Result<KnobId, SettingError> {
        self.knob(name).map(|(id, _)| id).ok_or_else(|| turn::unknown(name, self.knobs.iter()))
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
            exec: false,
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
        if executor == Some(WorkerKind::Async) {
            self.can_be_tasks()?;
        }
        for text in set {
            self.set(&mut settings, text)?;
        }
        if let Some(workers) = workers {
            let id = self.size_knob().ok_or(SettingError::NoWorkers)?;
            settings.numbers[id.index()] = self.knobs[id.index()].parse(&workers.to_string())?;
        }
        Ok(settings)
    }

    /// The defaults, changed as `settings` change those of `other`: a knob of the same name keeps its value where this one
    /// can have it.
    pub fn carried(&self, other: &Self, settings: &Settings) -> Settings {
        let turned = other.turned(settings);
        let mut carried = Settings { executor: settings.executor, exec: settings.exec, ..self.defaults() };
        for (at, knob) in other.knobs.iter().enumerate() {
            let value = match &knob.kind {
                KnobKind::Text { .. } => settings.text(at.into()).map(str::to_owned),
                _ => Some(knob.show(settings.number(at.into()))),
            };
            let is_turned = turned.split(' ').any(|set| set.split_once('=').is_some_and(|(name, _)| name == knob.name));
            if let Some(value) = value.filter(|_| is_turned) {
                let _ = self.set(&mut carried, &format!("{}={value}", knob.name)); // it may be gone, or another kind now
            }
        }
        carried
    }

    fn set(&self, settings: &mut Settings, text: &str) -> Result<(), SettingError> {
        let (name, value) = text.split_once('=').ok_or_else(|| turn::not_a_setting(text, self.knobs.first()))?;
        let name = name.trim();
        let id = self.find_knob(name)?;
        let knob = &self.knobs[id.index()];
        settings.numbers[id.index()] = knob.parse(value)?;
        if matches!(knob.kind, KnobKind::Text { .. }) {
            settings.texts[id.index()] = Some(value.to_owned());
        }
        Ok(())
    }

    /// The knobs that do not stand at their defaults, as one would write them after `--set`: `guard=lock tellers=4`.
    pub fn turned(&self, settings: &Settings) -> String {
        let defaults = self.defaults();
        let turned = self.knobs.iter().enumerate().filter_map(|(at, knob)| {
            let id = KnobId::from(at);
            let shown = match &knob.kind {
                KnobKind::Text { .. } if settings.text(id) == defaults.text(id) => return None,
                KnobKind::Text { .. } => clean(settings.text(id).unwrap_or_default()),
                _ if settings.number(id).to_bits() == defaults.number(id).to_bits() => return None,
                _ => knob.show(settings.number(id)),
            };
            Some(format!("{}={shown}", knob.name))
        });
        turned.collect::<Vec<_>>().join(" ")
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
