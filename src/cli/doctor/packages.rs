//! Checks of the Pythons of this machine, and of what clusters need.

use super::{Check, Group};
use crate::source::{FoundPython, OLDEST_TRACED, find_program, find_pythons};

pub(super) fn checks() -> Vec<Check> {
    let pythons = find_pythons();
    let mut all = python_checks(&pythons);
    all.extend([dask(&pythons), rq(&pythons), redis(), ray(&pythons)]);
    all
}

fn python_checks(pythons: &[FoundPython]) -> Vec<Check> {
    if pythons.is_empty() {
        let without = "Scenarios, and programs in other languages; no scripts of Python, no Dask.";
        let fix = "Install python3, or name one: CONTEND_PYTHON=/path/to/python3 contend doctor";
        return vec![Check::absent(Group::Python, "Python", "none in PATH", without, fix)];
    }
    pythons.iter().map(python_check).collect()
}

fn python_check(python: &FoundPython) -> Check {
    const NAME: &str = "Python";
    let (major, minor, patch) = python.version;
    let kind = if python.implementation == "cpython" { "" } else { python.implementation.as_str() };
    let threading = if python.is_free_threaded { "free-threaded: no GIL " } else { "" };
    let found = format!("{kind}{}{major}.{minor}.{patch} {threading}", if kind.is_empty() { "" } else { " " });
    let found = format!("{found}{}", python.path.display());
    if python.is_traced() {
        return Check::present(Group::Python, NAME, found);
    }
    let without = "Its programs run, and their threads are seen from outside; no locks, queues or pools.";
    let fix = format!("CPython {}.{} or later.", OLDEST_TRACED.0, OLDEST_TRACED.1);
    Check::absent(Group::Python, NAME, found, without, fix)
}

/// Returns the first Python that has a package, as text with the package's version.
fn first_with(pythons: &[FoundPython], package: &str) -> Option<String> {
    let python = pythons.iter().find(|python| python.packages.contains_key(package))?;
    Some(format!("{package} {} of {}", python.packages[package], python.path.display()))
}

/// Scenarios on Dask use the first Python, as [`crate::source::find_dask`] does.
fn dask(pythons: &[FoundPython]) -> Check {
    const NAME: &str = "Dask";
    let first = pythons.first();
    if let Some(found) = first.and_then(|first| first_with(std::slice::from_ref(first), "distributed")) {
        return Check::present(Group::Clusters, NAME, found);
    }
    let without = "Scenarios without Dask, and `contend attach dask URL`.";
    let found = "the first Python has no package distributed";
    let fix = match (first_with(pythons, "distributed"), first) {
        (Some(_), _) => {
            let other = pythons.iter().find(|python| python.packages.contains_key("distributed"));
            let path = other.map(|other| other.path.display().to_string()).unwrap_or_default();
            format!("Name the Python that has it: CONTEND_PYTHON={path} contend run dask-pool")
        }
        (None, Some(first)) => format!("{} -m pip install distributed", first.path.display()),
        (None, None) => "Install python3, then: python3 -m pip install distributed".to_owned(),
    };
    Check::absent(Group::Clusters, NAME, found, without, fix)
}

fn rq(pythons: &[FoundPython]) -> Check {
    const NAME: &str = "RQ";
    if let Some(found) = first_with(pythons, "rq") {
        return Check::present(Group::Clusters, NAME, found);
    }
    let without = "`contend attach rq URL` for queues of other machines, which needs no Python.";
    let fix = "python3 -m pip install rq";
    Check::absent(Group::Clusters, NAME, "no Python here has the package rq", without, fix)
}

fn redis() -> Check {
    const NAME: &str = "redis-server";
    if let Some(path) = find_program("redis-server".as_ref()) {
        return Check::present(Group::Clusters, NAME, path.display().to_string());
    }
    let without = "`contend attach rq URL` for a Redis that is elsewhere.";
    let fix = "apt install redis-server, or the package of your system.";
    Check::absent(Group::Clusters, NAME, "it is not in PATH", without, fix)
}

fn ray(pythons: &[FoundPython]) -> Check {
    const NAME: &str = "Ray";
    if let Some(found) = first_with(pythons, "ray") {
        return Check::present(Group::Clusters, NAME, found);
    }
    let without = "`contend attach ray URL` for a cluster that is elsewhere, which needs no Python.";
    let fix = "python3 -m pip install 'ray[default]'";
    Check::absent(Group::Clusters, NAME, "no Python here has the package ray", without, fix)
}
