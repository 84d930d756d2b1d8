//! The step that sets a mark on the time axis.

use kdl::KdlNode;

use super::{Checker, arg};
use crate::check::node::value_span;
use crate::program::{MAX_MARK_CHARACTERS, Placeholder, Step, Template, TemplatePiece, TextExpr};
use crate::sanitize::sanitize;

/// The most different texts of marks in a scenario.
const MAX_MARK_TEXTS: usize = 256;

impl Checker {
    /// `mark "phase 2"`, `mark "task {n}"` or `mark "$text_knob"`.
    pub(in crate::check) fn mark_step(&mut self, node: &KdlNode) -> Option<Step> {
        let entry = arg(node, 0)?;
        let text = self.text(entry)?;
        let text = match text.strip_prefix('$') {
            Some(knob) => TextExpr::Knob(self.named_text_knob(entry, knob)?),
            None => TextExpr::Template(self.mark_template(entry, text)?),
        };
        if !self.mark_texts.contains(&text) {
            self.mark_texts.push(text.clone());
            if self.mark_texts.len() > MAX_MARK_TEXTS {
                let title = format!("a scenario has at most {MAX_MARK_TEXTS} different marks");
                let help = "use one text with the number of the task or worker: mark \"task {n}\"";
                self.mistakes.error(value_span(entry), title).help(help);
                return None;
            }
        }
        Some(Step::Mark(text))
    }

    fn mark_template(&mut self, entry: &kdl::KdlEntry, text: &str) -> Option<Template> {
        let text = sanitize(text);
        if text.trim().is_empty() {
            self.mistakes.error(value_span(entry), "a mark needs a text").help("such as mark \"second phase\"");
            return None;
        }
        if text.chars().count() > MAX_MARK_CHARACTERS {
            let title = format!("the text of a mark has at most {MAX_MARK_CHARACTERS} characters");
            self.mistakes.error(value_span(entry), title).help("shorten it: it stands on the time axis");
            return None;
        }
        let template = Template::parse(&text);
        let is_file = |piece: &&TemplatePiece| match piece {
            TemplatePiece::Placeholder(place) => *place != Placeholder::Number,
            TemplatePiece::Literal(_) => false,
        };
        if let Some(TemplatePiece::Placeholder(place)) = template.0.iter().find(is_file) {
            let title = format!("a mark cannot contain the name of a file: `{}`", place.word());
            let help = "its text is known before the run; `{n}` stands for the number of the task or worker";
            self.mistakes.error(value_span(entry), title).help(help);
            return None;
        }
        Some(template)
    }
}
