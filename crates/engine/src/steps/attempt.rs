//! Steps that reach out of the program and may fail.

use std::time::Duration;

use crate::actor::{Actor, Flow, Halt};
use crate::fill::Filling;
use contend_scenario::{Attempt, Expr, Origin, Place, Step, Text, Values, What};
use contend_trace::State;

/// No pause before another try is longer: an hour.
const LONGEST_PAUSE: f64 = 3_600e9;

impl Actor {
    /// Tries, and does what the scenario has for either case.
    pub async fn attempt(&mut self, attempt: &Attempt) -> Flow {
        let held = self.held.len();
        let (tried, then) = match &attempt.what {
            What::Get { from, timeout } => (self.get(from, timeout).await, attempt.body.as_slice()),
            What::Exec { command, timeout } => (self.exec(command, timeout.as_ref()), attempt.body.as_slice()),
            What::Retry { times, backoff, jitter } => {
                (self.retry(times, backoff, jitter, &attempt.body).await, [].as_slice())
            }
        };
        match (tried, &attempt.otherwise) {
            (Ok(()), _) => self.body(then).await,
            (Err(Halt::Failed(_)), Some(otherwise)) => {
                self.let_go_down_to(held);
                self.body(otherwise).await
            }
            (failed, _) => failed,
        }
    }

    /// Does the body until it goes well, or as often as it may.
    async fn retry(&mut self, times: &Expr, backoff: &Expr, jitter: &Expr, body: &[Step]) -> Flow {
        let held = self.held.len();
        let mut longer = 1.0;
        let mut left = times.eval(self) as u64;
        loop {
            let tried = self.again(body).await;
            if left == 0 || !matches!(tried, Err(Halt::Failed(_))) {
                return tried;
            }
            self.let_go_down_to(held);
            let chance = jitter.eval(self).clamp(0.0, 1.0) * self.chance();
            self.pause((backoff.eval(self) * longer).min(LONGEST_PAUSE) * (1.0 - chance)).await;
            longer *= 2.0;
            left -= 1;
        }
    }

    /// Asks for something and waits for the whole answer.
    async fn get(&mut self, from: &Origin, timeout: &Expr) -> Flow {
        let limit = Duration::from_nanos(timeout.eval(self).max(1.0) as u64);
        let filling = self.filling();
        let missing = |place: Place| no_item("http-get", place);
        let (url, server) = match from {
            Origin::Server(declaration, path) => {
                let server = self.run.plan.member(*declaration, 0.0);
                let path = filling.fill_url(path).map_err(missing)?;
                (format!("http://127.0.0.1:{}{path}", self.run.port(server)), Some(server))
            }
            Origin::Url(Text::Template(template)) => (filling.fill_url(template).map_err(missing)?, None),
            Origin::Url(Text::Knob(knob)) => (self.run.text(*knob).to_owned(), None),
        };
        self.pen.block(State::Io, server);
        let answered = match server {
            _ if self.pen.is_on_loop() => self.run.web.lines.get(&url, limit).await,
            Some(_) => self.run.web.get_own(&url, limit),
            None => self.run.web.get(&url, limit),
        };
        self.pen.resume();
        answered.map_err(|why| Halt::Failed(format!("{url}: {why}")))
    }

    /// What fills in the places of a text: of the task, or else of the worker.
    pub(crate) fn filling(&self) -> Filling<'static> {
        let run = self.run;
        let item = self.file().and_then(|number| run.job.file(number));
        Filling { item, number: self.file().unwrap_or(u64::from(self.index())) + 1 }
    }
}

/// Why a place stays empty.
pub(crate) fn no_item(step: &str, place: Place) -> Halt {
    let word = place.word();
    Halt::Failed(format!("there is no file for the `{word}` of `{step}`: it needs a pool that is fed with files"))
}
