//! Steps that reach out of the program: `http-get`, `exec`, and `retry`.

use kdl::{KdlEntry, KdlNode};

use super::super::Checker;
use super::super::names::NamedItem;
use super::super::node::{arg, args, prop, value_span};
use super::super::number_rule::{SHARE, TIME, TIMES};
use crate::expr::Expr;
use crate::program::{Attempt, AttemptKind, RequestTarget, ResourceSpec, Step, Template, TextExpr};

/// How long a request may take, unless it says otherwise: 10 s.
const TIMEOUT: f64 = 10e9;

/// Programs that run the text behind `-c`.
const SHELLS: [&str; 8] = ["sh", "bash", "dash", "zsh", "ksh", "ash", "busybox", "fish"];

impl Checker {
    pub(in crate::check) fn http_get_step(&mut self, node: &KdlNode) -> Option<Step> {
        let kind = self.http_get(node);
        self.attempt(node, kind)
    }

    pub(in crate::check) fn exec_step(&mut self, node: &KdlNode) -> Option<Step> {
        let kind = self.exec(node);
        self.attempt(node, kind)
    }

    pub(in crate::check) fn retry_step(&mut self, node: &KdlNode) -> Option<Step> {
        let kind = self.retry(node);
        self.attempt(node, kind)
    }

    fn attempt(&mut self, node: &KdlNode, kind: Option<AttemptKind>) -> Option<Step> {
        let body = self.block(node);
        Some(Step::Attempt(Box::new(Attempt { kind: kind?, body, otherwise: None })))
    }

    fn http_get(&mut self, node: &KdlNode) -> Option<AttemptKind> {
        let first = arg(node, 0)?;
        let timeout = self.number_or(node, "timeout", TIME, TIMEOUT);
        let path = prop(node, "path");
        let text = self.text(first)?;
        let from = if text.starts_with('$') || text.contains("://") || Template::parse(text).has_item() {
            if let Some(path) = path {
                let title = "a path goes with a server of this scenario, not with a URL";
                self.mistakes.error(value_span(path), title).help("write it into the URL");
            }
            RequestTarget::Url(self.url(first)?)
        } else {
            let is_server = |this: &Self, thing| match thing {
                NamedItem::Resource(at) => matches!(this.scenario.resources[at].spec, ResourceSpec::Server(_)),
                _ => false,
            };
            let server = self.resolve(first, "a server", is_server);
            let path = path.map_or(Some("/"), |path| self.path(path));
            let (NamedItem::Resource(server), path) = (server?, path?) else { return None };
            RequestTarget::Server(server, Template::parse(path))
        };
        Some(AttemptKind::HttpGet { target: from, timeout: timeout?.expr })
    }

    fn path<'a>(&mut self, entry: &'a KdlEntry) -> Option<&'a str> {
        let path = self.text(entry)?;
        if !path.starts_with(['/', '{']) {
            self.mistakes.error(value_span(entry), "a path begins with `/`").help(format!("write path=\"/{path}\""));
            return None;
        }
        Some(path)
    }

    fn url(&mut self, entry: &KdlEntry) -> Option<TextExpr> {
        let text = self.text(entry)?;
        if let Some(knob) = text.strip_prefix('$') {
            return self.named_text_knob(entry, knob).map(TextExpr::Knob);
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
        Some(TextExpr::Template(Template::parse(text)))
    }

    fn exec(&mut self, node: &KdlNode) -> Option<AttemptKind> {
        let timeout = prop(node, "timeout").map(|entry| self.number(entry, TIME));
        let command: Vec<Option<TextExpr>> = args(node).map(|entry| self.word_of_command(entry)).collect();
        let command: Vec<TextExpr> = command.into_iter().collect::<Option<_>>()?;
        if let Some(entry) = args(node).next()
            && matches!(&command[0], TextExpr::Template(program) if program.0.is_empty())
        {
            self.mistakes.error(value_span(entry), "there is no command").help("such as exec \"gzip\" \"-k\" \"{}\"");
        }
        self.names_in_shell_text(node, &command);
        let timeout = match timeout {
            Some(timeout) => Some(timeout?.expr),
            None => None,
        };
        Some(AttemptKind::Exec { command, timeout })
    }

    /// A file's name in a text that a shell runs would be run with it.
    fn names_in_shell_text(&mut self, node: &KdlNode, command: &[TextExpr]) {
        let literal = |text: &TextExpr| match text {
            TextExpr::Template(template) => template.to_source(),
            TextExpr::Knob(_) => String::new(),
        };
        let program = literal(&command[0]);
        if !SHELLS.contains(&program.rsplit('/').next().unwrap_or_default()) {
            return;
        }
        let texts = args(node).zip(command).zip(command.iter().skip(1));
        let found = texts.zip(args(node).skip(1)).find(|(((_, before), text), _)| {
            let option = literal(before);
            let runs = option.starts_with('-') && !option.starts_with("--") && option.ends_with('c');
            runs && matches!(text, TextExpr::Template(template) if template.has_item())
        });
        if let Some((_, entry)) = found {
            let title = "the shell would run the file's name as part of this text";
            let help = "hand it over behind the text: exec \"sh\" \"-c\" \"gzip -k \\\"$1\\\"\" \"sh\" \"{}\"";
            self.mistakes.error(value_span(entry), title).label("a name such as `; rm -rf .`").help(help);
        }
    }

    fn word_of_command(&mut self, entry: &KdlEntry) -> Option<TextExpr> {
        let text = self.text(entry)?;
        if text.contains('\0') {
            self.mistakes.error(value_span(entry), "a command has no character 0");
            return None;
        }
        match text.strip_prefix('$') {
            Some(knob) => self.named_text_knob(entry, knob).map(TextExpr::Knob),
            None => Some(TextExpr::Template(Template::parse(text))),
        }
    }

    fn retry(&mut self, node: &KdlNode) -> Option<AttemptKind> {
        let times = self.first_number(node, TIMES);
        let backoff = self.number_or(node, "backoff", TIME, 0.0);
        let jitter = self.number_or(node, "jitter", SHARE, 0.0);
        let (times, backoff, jitter): (Expr, Expr, Expr) = (times?, backoff?.expr, jitter?.expr);
        Some(AttemptKind::Retry { times, backoff, jitter })
    }
}
