//! Steps that reach out of the program: `http-get`, `exec`, and `retry`.

use kdl::{KdlEntry, KdlNode};

use super::super::Checker;
use super::super::names::Thing;
use super::super::node::{args, children, prop, value_span};
use super::super::number::{SHARE, TIME, TIMES};
use crate::expr::Expr;
use crate::program::{Attempt, Origin, ResourceSpec, Step, Template, Text, What};

/// How long a request may take, unless it says otherwise: 10 s.
const TIMEOUT: f64 = 10e9;

/// Programs that run the text behind `-c`.
const SHELLS: [&str; 8] = ["sh", "bash", "dash", "zsh", "ksh", "ash", "busybox", "fish"];

impl Checker {
    pub(super) fn attempt(&mut self, node: &KdlNode, word: &str, first: &KdlEntry) -> Option<Step> {
        let what = match word {
            "http-get" => self.http_get(node, first),
            "exec" => self.exec(node),
            _ => self.retry(node, first),
        };
        let body = self.steps(children(node));
        Some(Step::Attempt(Box::new(Attempt { what: what?, body, otherwise: None })))
    }

    fn http_get(&mut self, node: &KdlNode, first: &KdlEntry) -> Option<What> {
        let timeout = self.number_or(node, "timeout", TIME, TIMEOUT);
        let path = prop(node, "path");
        let text = self.text(first)?;
        let from = if text.starts_with('$') || text.contains("://") || Template::parse(text).has_item() {
            if let Some(path) = path {
                let title = "a path goes with a server of this scenario, not with a URL";
                self.mistakes.error(value_span(path), title).help("write it into the URL");
            }
            Origin::Url(self.url(first)?)
        } else {
            let is_server = |this: &Self, thing| match thing {
                Thing::Resource(at) => matches!(this.scenario.resources[at].spec, ResourceSpec::Server(_)),
                _ => false,
            };
            let server = self.resolve(first, "a server", is_server);
            let path = path.map_or(Some("/"), |path| self.path(path));
            let (Thing::Resource(server), path) = (server?, path?) else { return None };
            Origin::Server(server, Template::parse(path))
        };
        Some(What::Get { from, timeout: timeout?.expr })
    }

    fn path<'a>(&mut self, entry: &'a KdlEntry) -> Option<&'a str> {
        let path = self.text(entry)?;
        if !path.starts_with(['/', '{']) {
            self.mistakes.error(value_span(entry), "a path begins with `/`").help(format!("write path=\"/{path}\""));
            return None;
        }
        Some(path)
    }

    fn url(&mut self, entry: &KdlEntry) -> Option<Text> {
        let text = self.text(entry)?;
        if let Some(knob) = text.strip_prefix('$') {
            return self.named_text_knob(entry, knob).map(Text::Knob);
        }
        if let Some((scheme, _)) = text.split_once("://").filter(|(scheme, _)| *scheme != "http") {
            let title = format!("`{scheme}` is not spoken here, only `http`");
            let help = match scheme {
                "https" => "a run knows no TLS: its cost would hide what one wants to see",
                _ => "write a URL like this: \"http://127.0.0.1:8000/\"",
            };
            self.mistakes.error(value_span(entry), title).help(help);
            return None;
        }
        Some(Text::Template(Template::parse(text)))
    }

    fn exec(&mut self, node: &KdlNode) -> Option<What> {
        let timeout = prop(node, "timeout").map(|entry| self.number(entry, TIME));
        let command: Vec<Option<Text>> = args(node).map(|entry| self.word_of_command(entry)).collect();
        let command: Vec<Text> = command.into_iter().collect::<Option<_>>()?;
        if let Some(entry) = args(node).next()
            && matches!(&command[0], Text::Template(program) if program.0.is_empty())
        {
            self.mistakes.error(value_span(entry), "there is no command").help("such as exec \"gzip\" \"-k\" \"{}\"");
        }
        self.names_in_shell_text(node, &command);
        let timeout = match timeout {
            Some(timeout) => Some(timeout?.expr),
            None => None,
        };
        Some(What::Exec { command, timeout })
    }

    /// A file's name in a text that a shell runs would be run with it.
    fn names_in_shell_text(&mut self, node: &KdlNode, command: &[Text]) {
        let literal = |text: &Text| match text {
            Text::Template(template) => template.written(),
            Text::Knob(_) => String::new(),
        };
        let program = literal(&command[0]);
        if !SHELLS.contains(&program.rsplit('/').next().unwrap_or_default()) {
            return;
        }
        let texts = args(node).zip(command).zip(command.iter().skip(1));
        let found = texts.zip(args(node).skip(1)).find(|(((_, before), text), _)| {
            let option = literal(before);
            let runs = option.starts_with('-') && !option.starts_with("--") && option.ends_with('c');
            runs && matches!(text, Text::Template(template) if template.has_item())
        });
        if let Some((_, entry)) = found {
            let title = "the shell would run the file's name as part of this text";
            let help = "hand it over behind the text: exec \"sh\" \"-c\" \"gzip -k \\\"$1\\\"\" \"sh\" \"{}\"";
            self.mistakes.error(value_span(entry), title).label("a name such as `; rm -rf .`").help(help);
        }
    }

    fn word_of_command(&mut self, entry: &KdlEntry) -> Option<Text> {
        let text = self.text(entry)?;
        if text.contains('\0') {
            self.mistakes.error(value_span(entry), "a command has no character 0");
            return None;
        }
        match text.strip_prefix('$') {
            Some(knob) => self.named_text_knob(entry, knob).map(Text::Knob),
            None => Some(Text::Template(Template::parse(text))),
        }
    }

    fn retry(&mut self, node: &KdlNode, times: &KdlEntry) -> Option<What> {
        let times = self.number(times, TIMES);
        let backoff = self.number_or(node, "backoff", TIME, 0.0);
        let jitter = self.number_or(node, "jitter", SHARE, 0.0);
        let (times, backoff, jitter): (Expr, Expr, Expr) = (times?.expr, backoff?.expr, jitter?.expr);
        Some(What::Retry { times, backoff, jitter })
    }
}
