//! The step `http-get`.

use crate::step_runner::{StepResult, StepRunner, StopReason};
use contend_scenario::{Expr, RequestTarget};

#[cfg(feature = "net")]
impl StepRunner {
    /// Sends a request and waits for the whole response.
    pub(super) async fn http_get(&mut self, target: &RequestTarget, timeout: &Expr) -> StepResult {
        use contend_scenario::{Placeholder, TextExpr};

        let limit = std::time::Duration::from_nanos(timeout.eval(self).max(1.0) as u64);
        let values = self.template_values();
        let missing = |placeholder: Placeholder| super::attempt::missing_item("http-get", placeholder);
        let (url, server) = match target {
            RequestTarget::Server(declaration, path) => {
                let server = self.run.plan.array_member(*declaration, 0.0);
                let path = values.fill_url(path).map_err(missing)?;
                (format!("http://127.0.0.1:{}{path}", self.run.port(server)), Some(server))
            }
            RequestTarget::Url(TextExpr::Template(template)) => (values.fill_url(template).map_err(missing)?, None),
            RequestTarget::Url(TextExpr::Knob(knob)) => (self.run.knob_text(*knob).to_owned(), None),
        };
        self.recorder.block(contend_trace::State::Io, server);
        let response = match server {
            _ if self.recorder.is_on_loop() => self.run.http_client.tasks.get(&url, limit).await,
            Some(_) => self.run.http_client.get_from_run_server(&url, limit),
            None => self.run.http_client.get(&url, limit),
        };
        self.recorder.resume();
        response.map_err(|reason| StopReason::Failed(format!("{url}: {reason}")))
    }
}

#[cfg(not(feature = "net"))]
impl StepRunner {
    /// Fails. The plan refuses a scenario with this step in a build without network support, so no run gets here.
    #[allow(clippy::unused_async, clippy::needless_pass_by_ref_mut, reason = "as in a build with network support")]
    pub(super) async fn http_get(&mut self, _: &RequestTarget, _: &Expr) -> StepResult {
        Err(StopReason::Failed("this build has no network support".to_owned()))
    }
}
