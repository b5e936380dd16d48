# Recipes for contributors. `.ci/run` runs the same commands as `check` and `test`; a test compares the two files.

# Lists the recipes.
default:
    @just --list

# Formatting, licences and lints.
check:
    cargo fmt --all --check
    cargo deny --log-level error check bans licenses sources
    cargo clippy --workspace --all-targets -- -D warnings

# Every test.
test:
    cargo test --workspace

# End-to-end tests and the others that are files of their own, all of them or one: `just e2e api`.
e2e name='*':
    cargo test --workspace --test '{{ name }}'

# Kills under load, power losses, broken disks, for longer than usual: `just chaos 1000`.
chaos rounds='200':
    ANALYTE_CRASH_ROUNDS={{ rounds }} ANALYTE_POWER_CUTS={{ rounds }} cargo test --workspace --test chaos -- --nocapture

# Writes anew what tests compare: generated pages, the OpenAPI document, snapshots.
bless:
    ANALYTE_BLESS=1 cargo test --workspace --test repository -- architecture::
    ANALYTE_BLESS=1 cargo test --workspace --lib -- openapi graphql_schema
    UPDATE_SNAPSHOTS=1 cargo test --workspace --test cli --test hostile --test chaos --test api

# One benchmark: goals, growth, stored, split, sessions, schedules or warm-instances.
bench name='goals':
    cargo bench --workspace --bench {{ name }}

# Checks the documents, and builds those of the SDK.
docs:
    cargo test --workspace --test repository
    cargo doc -p analyte-sdk --no-deps

# All that continuous integration does.
ci:
    bash .ci/run
