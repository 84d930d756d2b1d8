//! Steps that reach out of the program and may fail.

use std::time::Duration;

use crate::step_runner::{StepResult, StepRunner, StopReason};
use crate::template::TemplateValues;
use contend_scenario::{Attempt, AttemptKind, EvalContext, Expr, Placeholder, RequestTarget, Step, TextExpr};
use contend_trace::State;

/// No pause before another try is longer: an hour.
const LONGEST_PAUSE: f64 = 3_600e9;

impl StepRunner {
    /// Tries, and does what the scenario has for either case.
    pub async fn run_attempt(&mut self, attempt: &Attempt) -> StepResult {
        let held = self.held.len();
        let (tried, then) = match &attempt.kind {
            AttemptKind::HttpGet { target: from, timeout } => (self.http_get(from, timeout).await, &attempt.body[..]),
            AttemptKind::Exec { command, timeout } => {
                (self.run_command_step(command, timeout.as_ref()), &attempt.body[..])
            }
            AttemptKind::Retry { times, backoff, jitter } => {
                (self.run_retry(times, backoff, jitter, &attempt.body).await, [].as_slice())
            }
        };
        match (tried, &attempt.otherwise) {
            (Ok(()), _) => self.run_block(then).await,
            (Err(StopReason::Failed(_)), Some(otherwise)) => {
                self.release_down_to(held);
                self.run_block(otherwise).await
            }
            (failed, _) => failed,
        }
    }

    /// Does the body until it goes well, or as often as it may.
    async fn run_retry(&mut self, times: &Expr, backoff: &Expr, jitter: &Expr, body: &[Step]) -> StepResult {
        let held = self.held.len();
        let mut longer = 1.0;
        let mut left = times.eval(self) as u64;
        loop {
            let tried = self.run_iteration(body).await;
            if left == 0 || !matches!(tried, Err(StopReason::Failed(_))) {
                return tried;
            }
            self.release_down_to(held);
            let chance = jitter.eval(self).clamp(0.0, 1.0) * self.random_unit();
            self.pause((backoff.eval(self) * longer).min(LONGEST_PAUSE) * (1.0 - chance)).await;
            longer *= 2.0;
            left -= 1;
        }
    }

    /// Asks for something and waits for the whole answer.
    async fn http_get(&mut self, from: &RequestTarget, timeout: &Expr) -> StepResult {
        let limit = Duration::from_nanos(timeout.eval(self).max(1.0) as u64);
        let values = self.template_values();
        let missing = |place: Placeholder| missing_item("http-get", place);
        let (url, server) = match from {
            RequestTarget::Server(declaration, path) => {
                let server = self.run.plan.array_member(*declaration, 0.0);
                let path = values.fill_url(path).map_err(missing)?;
                (format!("http://127.0.0.1:{}{path}", self.run.port(server)), Some(server))
            }
            RequestTarget::Url(TextExpr::Template(template)) => (values.fill_url(template).map_err(missing)?, None),
            RequestTarget::Url(TextExpr::Knob(knob)) => (self.run.knob_text(*knob).to_owned(), None),
        };
        self.recorder.block(State::Io, server);
        let answered = match server {
            _ if self.recorder.is_on_loop() => self.run.http_client.connections.get(&url, limit).await,
            Some(_) => self.run.http_client.get_from_run_server(&url, limit),
            None => self.run.http_client.get(&url, limit),
        };
        self.recorder.resume();
        answered.map_err(|why| StopReason::Failed(format!("{url}: {why}")))
    }

    /// What fills in the places of a text: of the task, or else of the worker.
    pub(crate) fn template_values(&self) -> TemplateValues<'static> {
        let run = self.run;
        let item = self.file_task().and_then(|number| run.input_items.file(number));
        TemplateValues { item, number: self.file_task().unwrap_or(u64::from(self.index())) + 1 }
    }
}

/// Why a place stays empty.
pub(crate) fn missing_item(step: &str, place: Placeholder) -> StopReason {
    let word = place.word();
    StopReason::Failed(format!("there is no file for the `{word}` of `{step}`: it needs a pool that is fed with files"))
}
