//! Builds the knob settings of a run from defaults and the command line.

use super::expr::{EvalContext, Expr};
use super::knob::{Knob, KnobKind, Settings};
use super::knob_values::{self, SettingError};
use super::program::Scenario;
use super::sanitize::sanitize;
use contend_trace::{KnobId, WorkerKind};

impl Scenario {
    /// Returns the knob with this name.
    pub fn knob(&self, name: &str) -> Option<(KnobId, &Knob)> {
        let at = self.knobs.iter().position(|knob| knob.name == name)?;
        Some((KnobId::from(at), &self.knobs[at]))
    }

    /// Returns the id of the knob with this name.
    ///
    /// # Errors
    /// If no knob has this name; the error lists the existing names.
    pub fn find_knob(&self, name: &str) -> Result<KnobId, SettingError> {
        self.knob(name).map(|(id, _)| id).ok_or_else(|| knob_values::unknown_knob(name, self.knobs.iter()))
    }

    /// Returns the settings with every knob at its default.
    pub fn default_settings(&self) -> Settings {
        Settings {
            numbers: self.knobs.iter().map(Knob::default_value).collect(),
            texts: self
                .knobs
                .iter()
                .map(|knob| match &knob.kind {
                    KnobKind::Text { default } => default.clone(),
                    _ => None,
                })
                .collect(),
            executor: None,
            allow_exec: false,
        }
    }

    /// Returns the defaults changed by `set` (`KNOB=VALUE`, the last one wins), the number of workers, and the worker
    /// kind for all groups and pools.
    pub fn settings(
        &self,
        set: &[String],
        workers: Option<u32>,
        executor: Option<WorkerKind>,
    ) -> Result<Settings, SettingError> {
        let mut settings = Settings { executor, ..self.default_settings() };
        if executor == Some(WorkerKind::Async) {
            self.check_tasks_possible()?;
        }
        if executor == Some(WorkerKind::Dask)
            && let Some(obstacle) = self.dask_obstacles().into_iter().next()
        {
            return Err(SettingError::DaskImpossible { what: obstacle.what });
        }
        for text in set {
            self.apply_setting(&mut settings, text)?;
        }
        if let Some(workers) = workers {
            let id = self.worker_count_knob().ok_or(SettingError::NoWorkers)?;
            settings.numbers[id.index()] = self.knobs[id.index()].parse(&workers.to_string())?;
        }
        Ok(settings)
    }

    /// Applies the changes that `settings` made to `other`'s defaults to this scenario's defaults. A knob of the same
    /// name keeps its value where this scenario allows the value.
    pub fn carry_settings(&self, other: &Self, settings: &Settings) -> Settings {
        let changed = other.changed_knobs_text(settings);
        let mut carried =
            Settings { executor: settings.executor, allow_exec: settings.allow_exec, ..self.default_settings() };
        for (at, knob) in other.knobs.iter().enumerate() {
            let value = match &knob.kind {
                KnobKind::Text { .. } => settings.text(at.into()).map(str::to_owned),
                _ => Some(knob.format_value(settings.number(at.into()))),
            };
            let is_changed =
                changed.split(' ').any(|set| set.split_once('=').is_some_and(|(name, _)| name == knob.name));
            if let Some(value) = value.filter(|_| is_changed) {
                // An error means that the knob is gone or has another kind or range now.
                let _ = self.apply_setting(&mut carried, &format!("{}={value}", knob.name));
            }
        }
        carried
    }

    fn apply_setting(&self, settings: &mut Settings, text: &str) -> Result<(), SettingError> {
        let (name, value) = text.split_once('=').ok_or_else(|| knob_values::not_a_setting(text, self.knobs.first()))?;
        let name = name.trim();
        let id = self.find_knob(name)?;
        let knob = &self.knobs[id.index()];
        settings.numbers[id.index()] = knob.parse(value)?;
        if matches!(knob.kind, KnobKind::Text { .. }) {
            settings.texts[id.index()] = Some(value.to_owned());
        }
        Ok(())
    }

    /// Formats the knobs that differ from their defaults as `--set` takes them: `guard=lock tellers=4`.
    pub fn changed_knobs_text(&self, settings: &Settings) -> String {
        let defaults = self.default_settings();
        let changed = self.knobs.iter().enumerate().filter_map(|(at, knob)| {
            let id = KnobId::from(at);
            let shown = match &knob.kind {
                KnobKind::Text { .. } if settings.text(id) == defaults.text(id) => return None,
                KnobKind::Text { .. } => sanitize(settings.text(id).unwrap_or_default()),
                _ if settings.number(id).to_bits() == defaults.number(id).to_bits() => return None,
                _ => knob.format_value(settings.number(id)),
            };
            Some(format!("{}={shown}", knob.name))
        });
        changed.collect::<Vec<_>>().join(" ")
    }

    /// Returns the knob that sets the number of workers: that of the first pool, or else of the first group with one.
    pub fn worker_count_knob(&self) -> Option<KnobId> {
        let pools = self.pools.iter().map(|pool| &pool.workers);
        let groups = self.groups.iter().map(|group| &group.count);
        pools.chain(groups).find_map(|size| match size {
            Expr::Knob(knob) => Some(*knob),
            _ => None,
        })
    }
}

/// The settings before a run, where no worker has a position.
impl EvalContext for Settings {
    fn knob(&self, knob: KnobId) -> f64 {
        self.number(knob)
    }
}
