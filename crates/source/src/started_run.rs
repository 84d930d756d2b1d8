//! A run of a scenario, wherever its workers are: on this machine's threads and processes, or on a cluster.

use std::time::Duration;

use crossbeam_channel::Receiver;

use super::cluster_run::ClusterRun;
use super::live::LiveRun;
use super::source::{EventSource, Header, RunControl};
use contend_scenario::{Scenario, Settings};
use contend_trace::{Message, Stamp};

/// A run in progress. Dropping it ends everything that it started.
#[derive(Debug)]
pub enum StartedRun {
    /// Workers are threads, processes or tasks of this machine.
    Local(Box<LiveRun>),
    /// Workers are those of a cluster.
    Cluster(Box<ClusterRun>),
}

impl StartedRun {
    /// Starts a scenario. Call it from a thread that outlives the run.
    ///
    /// # Errors
    /// A full sentence that says why the run could not be started.
    pub fn start(scenario: &Scenario, settings: &Settings) -> Result<Self, String> {
        if scenario.runs_on_dask(settings) {
            let run = ClusterRun::start(scenario, settings).map_err(|error| error.to_string())?;
            return Ok(Self::Cluster(Box::new(run)));
        }
        let run = LiveRun::start(scenario, settings).map_err(|error| error.to_string())?;
        Ok(Self::Local(Box::new(run)))
    }

    /// Returns how much of the runner's calibrated work a core does. `None` before it is known, and on a cluster.
    pub fn work_rate(&self) -> Option<f64> {
        match self {
            Self::Local(run) => run.work_rate(),
            Self::Cluster(_) => None,
        }
    }

    /// Returns a function that ends the run, for another thread.
    pub fn stopper(&self) -> Box<dyn Fn() + Send> {
        match self {
            Self::Local(run) => Box::new(run.stopper()),
            Self::Cluster(run) => Box::new(run.stopper()),
        }
    }

    /// Limits how long dropping the run waits, see [`RunControl::limit_end_wait`].
    pub fn limit_end_wait(&self, longest: Duration) {
        match self {
            Self::Local(run) => run.limit_end_wait(longest),
            Self::Cluster(run) => run.limit_end_wait(longest),
        }
    }

    fn source(&self) -> &dyn EventSource {
        match self {
            Self::Local(run) => run.as_ref(),
            Self::Cluster(run) => run.as_ref(),
        }
    }
}

impl EventSource for StartedRun {
    fn header(&self) -> &Header {
        self.source().header()
    }

    fn messages(&self) -> &Receiver<Message> {
        self.source().messages()
    }

    fn now(&self) -> Stamp {
        self.source().now()
    }

    fn control(&self) -> Option<&dyn RunControl> {
        self.source().control()
    }

    fn is_out_of_time(&self) -> bool {
        self.source().is_out_of_time()
    }
}
