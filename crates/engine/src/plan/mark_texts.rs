//! Adds the texts of the marks that steps set.

use super::Plan;
use contend_scenario::{MAX_MARK_CHARACTERS, Scenario, Settings, TextExpr, sanitize};

impl Plan {
    /// Adds the text of each mark, with the texts of knobs filled in.
    pub(super) fn add_mark_texts(&mut self, scenario: &Scenario, settings: &Settings) {
        self.mark_texts = scenario.mark_texts();
        self.registry.marks = self.mark_texts.iter().map(|text| mark_text(text, scenario, settings)).collect();
    }
}

fn mark_text(text: &TextExpr, scenario: &Scenario, settings: &Settings) -> String {
    match text {
        TextExpr::Template(template) => template.to_source(),
        TextExpr::Knob(knob) => {
            let text: String = sanitize(settings.text(*knob).unwrap_or_default());
            let name = || scenario.knobs.get(knob.index()).map_or_else(String::new, |knob| knob.name.clone());
            if text.trim().is_empty() { name() } else { text.chars().take(MAX_MARK_CHARACTERS).collect() }
        }
    }
}
