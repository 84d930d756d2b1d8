//! Collects the errors and warnings of a scenario file and renders them with source excerpt, cause and fix.

mod listed;

use std::fmt;
use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Level, Renderer, Snippet};

use super::sanitize::{mask_dangerous, sanitize};
use super::source::Source;
pub use listed::{ListedMistake, ListedPosition, PlacedText};

/// Mistakes rendered; the rest is only counted.
const MAX_RENDERED: usize = 50;

/// Mistakes stored; the rest is only counted.
const MAX_STORED: usize = 1_000;

/// Longest underline, in bytes.
const MAX_UNDERLINE: usize = 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MistakeKind {
    Error,
    Warning,
}

/// One error or warning with its position.
#[derive(Debug, Clone)]
pub struct Mistake {
    kind: MistakeKind,
    span: Range<usize>,
    title: String,
    label: String,
    /// Other positions involved, each with a label.
    related: Vec<(Range<usize>, String)>,
    help: Option<String>,
}

impl Mistake {
    /// Sets the text shown at the underlined position.
    pub fn label(&mut self, text: impl Into<String>) -> &mut Self {
        self.label = text.into();
        self
    }

    /// Adds another underlined position.
    pub fn add_related(&mut self, span: Range<usize>, text: impl Into<String>) -> &mut Self {
        self.related.push((span, text.into()));
        self
    }

    /// Sets the fix.
    pub fn help(&mut self, text: impl Into<String>) -> &mut Self {
        self.help = Some(text.into());
        self
    }

    /// Sets the fix to the known word that was probably meant, if there is one.
    pub fn did_you_mean(&mut self, word: Option<&str>) -> &mut Self {
        if let Some(word) = word {
            self.help = Some(format!("did you mean `{word}`?"));
        }
        self
    }
}

/// The errors and warnings of one file, in the order of the file.
#[derive(Debug, Clone)]
pub struct Mistakes {
    path: String,
    text: String,
    list: Vec<Mistake>,
    /// Number of errors beyond those stored.
    omitted: usize,
}

impl Mistakes {
    /// Returns an empty list for this file.
    pub fn of(source: &Source) -> Self {
        Self { path: source.label(), text: source.text.clone(), list: Vec::new(), omitted: 0 }
    }

    /// Adds an error.
    pub fn error(&mut self, span: Range<usize>, title: impl Into<String>) -> &mut Mistake {
        self.add(MistakeKind::Error, span, title.into())
    }

    pub(super) fn warning(&mut self, span: Range<usize>, title: impl Into<String>) -> &mut Mistake {
        self.add(MistakeKind::Warning, span, title.into())
    }

    fn add(&mut self, kind: MistakeKind, span: Range<usize>, title: String) -> &mut Mistake {
        if self.list.len() == MAX_STORED {
            let last = self.list.pop();
            self.omitted += usize::from(last.is_some_and(|last| last.kind == MistakeKind::Error));
        }
        self.list.push(Mistake { kind, span, title, label: String::new(), related: Vec::new(), help: None });
        self.list.last_mut().expect("it was just pushed")
    }

    /// Returns the number of errors and warnings.
    pub fn len(&self) -> usize {
        self.list.len() + self.omitted
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns the number of errors, which keep the scenario from running.
    pub fn count_errors(&self) -> usize {
        self.list.iter().filter(|m| m.kind == MistakeKind::Error).count() + self.omitted
    }

    pub(super) fn drop_warnings(&mut self) {
        self.list.retain(|mistake| mistake.kind == MistakeKind::Error);
    }

    /// Brings them into the order of the file.
    pub fn sort(&mut self) {
        self.list.sort_by_key(|m| (m.span.start, m.span.end));
    }

    /// Renders all mistakes with excerpts of the source. Text of the file is sanitized.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut out = String::new();
        for mistake in self.list.iter().take(MAX_RENDERED) {
            out.push_str(&self.render_one(mistake, &renderer));
            out.push_str("\n\n");
        }
        if self.len() > MAX_RENDERED {
            out.push_str("... and ");
            out.push_str(&(self.len() - MAX_RENDERED).to_string());
            out.push_str(" more\n");
        } else if !out.is_empty() {
            out.pop();
        }
        out
    }

    fn render_one(&self, mistake: &Mistake, renderer: &Renderer) -> String {
        let level = match mistake.kind {
            MistakeKind::Error => Level::ERROR,
            MistakeKind::Warning => Level::WARNING,
        };
        let mut group = level.primary_title(sanitize(&mistake.title)).element(self.snippet(mistake));
        if let Some(help) = &mistake.help {
            group = group.element(Level::HELP.message(sanitize(help)));
        }
        renderer.render(&[group])
    }

    /// Returns the masked lines from the first to the last position, with every position underlined.
    fn snippet(&self, mistake: &Mistake) -> Snippet<'static, Annotation<'static>> {
        let primary = (self.underlined_range(&mistake.span), &mistake.label, AnnotationKind::Primary);
        let related =
            mistake.related.iter().map(|(span, label)| (self.underlined_range(span), label, AnnotationKind::Context));
        let spans: Vec<_> = std::iter::once(primary).chain(related).collect();
        let first = spans.iter().map(|(span, ..)| span.start).min().unwrap_or(0);
        let last = spans.iter().map(|(span, ..)| span.end).max().unwrap_or(0);
        let from = self.text[..first].rfind('\n').map_or(0, |at| at + 1);
        let to = self.text[last..].find('\n').map_or(self.text.len(), |at| last + at);
        let line = 1 + self.text[..from].bytes().filter(|b| *b == b'\n').count();
        let lines = self.text[from..to].strip_suffix('\r').unwrap_or(&self.text[from..to]);
        let mut snippet = Snippet::source(mask_dangerous(lines)).line_start(line).path(sanitize(&self.path));
        for (span, label, kind) in spans {
            let start = (span.start - from).min(lines.len());
            let end = (span.end - from).min(lines.len());
            let label = (!label.is_empty()).then(|| sanitize(label));
            snippet = snippet.annotation(kind.span(start..end).label(label));
        }
        snippet
    }

    /// Clips a span for the underline: within the text, on one line, on character boundaries.
    fn underlined_range(&self, span: &Range<usize>) -> Range<usize> {
        let start = self.text.floor_char_boundary(span.start.min(self.text.len()));
        let end = span.end.clamp(start, self.text.len()).min(start + MAX_UNDERLINE);
        let end = self.text.ceil_char_boundary(end);
        let line = self.text[start..end].find(['\n', '\r']).unwrap_or(end - start);
        start..start + line
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Mistakes {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::check;

    /// Returns the texts of the catalogue.
    fn catalogue() -> &'static [String] {
        static TEXTS: std::sync::LazyLock<Vec<String>> = std::sync::LazyLock::new(|| {
            let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios")).expect("it exists");
            let files = folder.map(|entry| entry.expect("an entry").path());
            files.map(|file| std::fs::read_to_string(file).expect("it is text")).collect()
        });
        assert!(TEXTS.len() > 100, "the catalogue is found");
        &TEXTS
    }

    /// Returns the spans of all errors and warnings.
    fn spans(text: &str) -> Vec<Range<usize>> {
        let source = Source { name: "damaged".into(), path: None, text: text.to_owned() };
        let mistakes = check(&source).map_or_else(|mistakes| mistakes, |checked| checked.warnings);
        let of = |m: Mistake| std::iter::once(m.span).chain(m.related.into_iter().map(|(span, _)| span));
        mistakes.list.into_iter().flat_map(of).collect()
    }

    /// A text of the catalogue with parts removed, inserted or repeated.
    fn damaged() -> impl Strategy<Value = String> {
        let cut =
            (any::<prop::sample::Index>(), 0..40_usize, any::<prop::sample::Index>(), "[a-z{}\"$ =0-9\u{e9}\n]{0,4}");
        (any::<prop::sample::Index>(), prop::collection::vec(cut, 1..5)).prop_map(|(which, cuts)| {
            let mut text: Vec<char> = which.get(catalogue()).chars().collect();
            for (at, length, from, with) in cuts {
                let at = at.index(text.len() + 1);
                let end = (at + length).min(text.len());
                let from = from.index(text.len() + 1);
                let again: Vec<char> = text[from..(from + length).min(text.len())].to_vec();
                text.splice(at..end, with.chars().chain(again));
            }
            text.into_iter().collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_span_lies_within_the_text(text in prop_oneof![3 => damaged(), 1 => any::<String>()]) {
            for span in spans(&text) {
                prop_assert!(text.get(span.clone()).is_some(), "{:?} of {} in {:?}", span, text.len(), text);
            }
        }
    }
}
