//! `contend attach`: a cluster that is there.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::AtomicBool;

use contend_cluster::{Address, Engine};

use super::args::AttachArgs;
use super::dashboard::DashboardSettings;
use super::exit::{CliError, ExitOutcome};
use super::output::Colours;
use super::program::{ProgramOptions, run_program};
use super::program_command::ProgramCommand;
use crate::scenario::sanitize;

/// Where the events go, in the environment of what `contend attach` starts.
const SOCKET: &str = "CONTEND_SOCK";

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
