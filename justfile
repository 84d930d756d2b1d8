# Run every check, as CI does.
check:
    .ci/run

# Open the dashboard.
run *ARGS:
    cargo run --release -- {{ARGS}}

# Review new snapshots.
snapshots:
    cargo insta review

# Check licences and advisories of the dependencies.
deny:
    cargo deny check
