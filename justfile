# Every check, as a build server runs them.
check:
    .ci/run

# The dashboard.
run *ARGS:
    cargo run --release -- {{ARGS}}

# Accept new snapshots after looking at them.
snapshots:
    cargo insta review

# Licences and advisories of the dependencies.
deny:
    cargo deny check
