//! Whether this machine has Dask: a Python with the package `distributed`.

use std::ffi::{OsStr, OsString};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use thiserror::Error;

use crate::program::find_python;

/// Why no scenario can run on Dask here.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MissingCluster {
    #[error(
        "Dask needs Python, and there is none here: install python3, or name one by CONTEND_PYTHON; \
         `contend doctor` shows what this machine has"
    )]
    NoPython,
    #[error(
        "`{python}` has no Dask: install it with `{python} -m pip install distributed`, or name another Python by \
         CONTEND_PYTHON; `contend doctor` shows what this machine has"
    )]
    NoDask { python: String },
}

/// Returns the Python that has Dask: that of `CONTEND_PYTHON`, or the first in `PATH`. Asks it once.
///
/// # Errors
/// If there is no Python, or it has no package `distributed`.
pub fn find_dask() -> Result<OsString, MissingCluster> {
    static FOUND: Mutex<Option<(OsString, bool)>> = Mutex::new(None);
    let python = find_python().ok_or(MissingCluster::NoPython)?;
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    let has_dask = match found.as_ref() {
        Some((of, has_dask)) if *of == python => *has_dask,
        _ => {
            let has_dask = has_distributed(&python);
            *found = Some((python.clone(), has_dask));
            has_dask
        }
    };
    if has_dask {
        Ok(python)
    } else {
        Err(MissingCluster::NoDask { python: contend_scenario::sanitize(&python.to_string_lossy()) })
    }
}

/// Whether a Python finds the package. It is not loaded, which would take a second.
fn has_distributed(python: &OsStr) -> bool {
    const ASK: &str = "import importlib.util, sys; sys.exit(importlib.util.find_spec('distributed') is None)";
    let mut command = Command::new(python);
    let asked = command.args(["-c", ASK]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    asked.status().is_ok_and(|status| status.success())
}
