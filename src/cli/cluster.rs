//! `contend run --on dask`: a script with its process pools on a cluster; and `contend attach`: a cluster that is there.

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::AtomicBool;

use contend_cluster::{Address, Engine};

use super::args::{AttachArgs, OnCluster};
use super::dashboard::DashboardSettings;
use super::exit::{CliError, ExitOutcome};
use super::output::Colours;
use super::program::{ProgramCommand, ProgramOptions, run_program};
use crate::scenario::sanitize;

/// Starts the launcher, which lies beside the tracer. `-E`: it is not traced itself.
const START_LAUNCHER: &str = "import os, sys; sys.path[0] = os.environ['PYTHONPATH'].split(os.pathsep)[0]; \
     from contend_cluster.launch import main; sys.exit(main())";
/// Where the events go, in the environment of what `contend attach` starts.
const SOCKET: &str = "CONTEND_SOCK";

/// Returns the command that runs a script, `words`, with its process pools on a cluster.
///
/// # Errors
/// If `words` start no Python.
pub(super) fn command_on(
    cluster: &OnCluster,
    words: Vec<OsString>,
    title: &str,
    workers: Option<u32>,
) -> Result<ProgramCommand, CliError> {
    let mut words = words.into_iter();
    let python = words.next().unwrap_or_default();
    if !python.to_string_lossy().contains("python") {
        let usage = "--on is for scripts of Python: contend run --on dask SCRIPT.py";
        return Err(CliError::Usage(usage.to_owned()));
    }
    let place: [OsString; 2] = match (cluster, workers) {
        (OnCluster::Local, workers) => {
            let cores = || std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
            let workers = workers.map_or_else(cores, |workers| workers as usize);
            ["--local".into(), workers.to_string().into()]
        }
        (OnCluster::At(address), None) => ["--address".into(), address.into()],
        (OnCluster::At(_), Some(_)) => {
            return Err(CliError::Usage("--workers is for --on dask alone; a cluster has its own workers".to_owned()));
        }
    };
    let launcher = [python, "-E".into(), "-c".into(), START_LAUNCHER.into()];
    let words = launcher.into_iter().chain(place).chain(["--".into()]).chain(words).collect();
    Ok(ProgramCommand { words, title: format!("{title} on dask") })
}

/// Shows a cluster that is there.
pub(super) fn attach_cluster(
    engine: Engine,
    args: &AttachArgs,
    dashboard: DashboardSettings<'_>,
    colours: Colours,
) -> Result<ExitOutcome, CliError> {
    let text = args.address.as_ref().ok_or_else(|| {
        let engine = engine.word();
        CliError::Usage(format!("where is the cluster? contend attach {engine} URL (see contend attach --help)"))
    })?;
    let address = Address::new(engine, text).map_err(|error| CliError::Usage(sanitize(&error.to_string())))?;
    if let Some(socket) = std::env::var_os(SOCKET).filter(|_| args.feed) {
        return feed(&address, &socket);
    }
    let program = std::env::current_exe()
        .map_err(|error| CliError::Run(format!("cannot find contend's own program file: {error}")))?;
    let words = [program.into(), "attach".into(), engine.word().into(), text.into(), "--feed".into()];
    let command = ProgramCommand { words: words.into(), title: address.to_string() };
    run_program(command, ProgramOptions::from(args), dashboard, colours)
}

/// Writes the events of the cluster to the socket until the reader is gone.
fn feed(address: &Address, socket: &std::ffi::OsStr) -> Result<ExitOutcome, CliError> {
    for limit in contend_cluster::limits(address.engine()) {
        let _ = writeln!(io::stderr(), "{limit}");
    }
    let stream = UnixStream::connect(socket).map_err(|error| CliError::Run(format!("no reader: {error}")))?;
    let stop = AtomicBool::new(false);
    contend_cluster::watch(address, io::BufWriter::new(stream), &stop)
        .map_err(|error| CliError::Run(sanitize(&error.to_string())))?;
    Ok(ExitOutcome::Done)
}
