//! A cluster of Dask that speaks TLS, with certificates made here.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::{contend, python_with};
use crate::support::{poll_until, report_skipped};

/// Ends its process with the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Makes a key and a certificate that signs itself. Returns whether there is an `openssl` that can.
fn make_certificate(key: &Path, certificate: &Path) -> bool {
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]);
    openssl.args(["-addext", "subjectAltName=IP:127.0.0.1", "-keyout"]).arg(key).arg("-out").arg(certificate);
    openssl.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// A scheduler and a worker that accept only who has the certificate.
struct Cluster {
    _worker: Ended,
    _scheduler: Ended,
    port: u16,
}

impl Cluster {
    fn start(python: &Path, directory: &Path, security: &[(String, PathBuf)]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let start = |module: &str, arguments: &[&str]| {
            let mut command = Command::new(python);
            command.args(["-m", module]).args(arguments).envs(security.iter().cloned()).current_dir(directory);
            Ended(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts"))
        };
        let address = format!("tls://127.0.0.1:{port}");
        let scheduler = start("distributed.cli.dask_scheduler", &["--host", &address, "--no-dashboard"]);
        poll_until("the scheduler listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        let worker = start(
            "distributed.cli.dask_worker",
            &[&address, "--no-nanny", "--no-dashboard", "--nthreads", "2", "--protocol", "tls", "--host", "127.0.0.1"],
        );
        Self { _worker: worker, _scheduler: scheduler, port }
    }
}

#[test]
fn cluster_with_tls_is_used_and_refuses_who_has_no_certificate() {
    let test = "cluster_with_tls_is_used_and_refuses_who_has_no_certificate";
    let Some(python) = python_with(&["distributed"], test) else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let (key, certificate) = (directory.path().join("key.pem"), directory.path().join("cert.pem"));
    if !make_certificate(&key, &certificate) {
        report_skipped(test, "openssl, to make certificates");
        return;
    }
    let mut security = vec![("DASK_DISTRIBUTED__COMM__TLS__CA_FILE".to_owned(), certificate.clone())];
    for role in ["SCHEDULER", "WORKER", "CLIENT"] {
        security.push((format!("DASK_DISTRIBUTED__COMM__TLS__{role}__KEY"), key.clone()));
        security.push((format!("DASK_DISTRIBUTED__COMM__TLS__{role}__CERT"), certificate.clone()));
    }
    let cluster = Cluster::start(&python, directory.path(), &security);
    let script = directory.path().join("pool.py");
    fs::write(&script, "from multiprocessing import Pool\nprint(Pool().map(abs, [-1, -2]))\n").expect("written");
    let run = |security: &[(String, PathBuf)]| {
        let mut run = contend(&python, directory.path());
        run.args(["run", "--on", &format!("tls://127.0.0.1:{}", cluster.port), "--json", "--for", "90s"]);
        run.arg(&script).envs(security.iter().cloned()).output().expect("contend starts")
    };
    let ran = run(&security);
    let printed = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(ran.status.success() && printed.contains("[1, 2]"), "{printed}");
    let report: Value = serde_json::from_slice(&ran.stdout).expect("a report");
    assert!(
        report["pools"].as_array().is_some_and(|pools| pools.iter().any(|pool| pool["name"] == "dask")),
        "{report:#}"
    );
    let refused = run(&[]);
    assert!(!refused.status.success(), "a client without a certificate is refused");
    let said = String::from_utf8_lossy(&refused.stderr).to_lowercase();
    assert!(said.contains("needs certificates: set dask_distributed__comm__tls__ca_file"), "{said}");
}
