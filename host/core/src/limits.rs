//! The one list of limits. Each entry says its unit, default, configuration key, why it is there, and what
//! is seen beyond it. `docs/reference/limits.md` is generated from it.

mod fit;
mod own_records;

pub use fit::Cut;
use serde::Serialize;

/// One row of the list, for documentation.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Entry {
    /// Key under `[limits]` in `analyte.toml`.
    pub key: &'static str,
    /// What it counts.
    pub unit: &'static str,
    /// Value where nothing is configured.
    pub default: u64,
    /// Why it is there.
    pub why: &'static str,
    /// What is seen beyond it: a code, a refusal, a cut.
    pub seen: &'static str,
}

macro_rules! limits {
    ($( $field:ident $default:literal $unit:literal $why:literal $seen:literal; )*) => {
        /// Every limit, one field each.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Limits {
            $( #[doc = concat!($why, " Unit: ", $unit, ".")] pub $field: u64, )*
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $( $field: $default, )* }
            }
        }

        impl Limits {
            /// The list as documentation.
            pub const ENTRIES: &[Entry] = &[
                $( Entry { key: stringify!($field), unit: $unit, default: $default, why: $why, seen: $seen }, )*
            ];

            /// Sets the limit of this key; `false` where there is none.
            pub fn set(&mut self, key: &str, value: u64) -> bool {
                match key {
                    $( stringify!($field) => self.$field = value, )*
                    _ => return false,
                }
                true
            }

            /// The limit of this key.
            pub fn get(&self, key: &str) -> Option<u64> {
                match key {
                    $( stringify!($field) => Some(self.$field), )*
                    _ => None,
                }
            }
        }
    };
}

limits! {
    // One run.
    fuel 100_000_000_000 "fuel units (about one per executed instruction)"
        "Bounds what one run may compute; a job may ask for less, or more up to `fuel_max`." "job fails with `out-of-fuel`";
    fuel_max 1_000_000_000_000 "fuel units"
        "The most fuel that a job may ask for." "422 `invalid-input`";
    memory_bytes 536_870_912 "bytes"
        "Bounds the memory of one running component; a job may ask for less, or more up to `memory_bytes_max`."
        "job fails with `out-of-memory`";
    memory_bytes_max 4_294_967_296 "bytes"
        "The most memory that a job may ask for; 4 GiB is all that a 32-bit component can address." "422 `invalid-input`";
    timeout_ms 300_000 "milliseconds"
        "Bounds the wall time of one run; a job may ask for less, or more up to `timeout_ms_max`." "job fails with `timeout`";
    timeout_ms_max 86_400_000 "milliseconds"
        "The longest time limit that a job may ask for." "422 `invalid-input`";
    output_bytes 268_435_456 "bytes"
        "Bounds the result that a run hands over." "job fails with `output-too-large`";
    transfer_bytes 4_194_304 "bytes"
        "Bounds what a component may hand to the host in one call, or be given by one read of its model file: a log line, a \
         piece of a file; and each name, warning or error in its result. A call cannot be interrupted, so this bounds how long \
         one takes."
        "job fails with `output-too-large`; a read gives less";
    unpaused_ms 10_000 "milliseconds of processor time"
        "The longest that a component may compute between two points where it can be stopped. They lie some milliseconds \
         apart, so crossing this is a fault of the platform; the thread is given up and replaced."
        "job fails with `not-stopped`, and further runs of the component with `provider-unavailable`";
    stack_bytes 1_048_576 "bytes"
        "Bounds the stack of a running component, so that endless recursion ends." "job fails with `stack-overflow`";
    table_elements 100_000 "elements"
        "Bounds each function table of a component."
        "422 `invalid-component` where the table begins larger; growth is refused, and the job fails with `out-of-memory`";
    handles 10_000 "handles"
        "Bounds what one component may hold of the host's at once: files being written, streams, waits."
        "job fails with `out-of-memory`";
    log_bytes 262_144 "bytes"
        "Bounds the log of one run." "further lines are counted, not kept";
    stderr_bytes 8_192 "bytes"
        "The end of a component's stderr that a failure report shows." "earlier output is dropped";
    progress_per_second 4 "events a second"
        "Bounds the progress reports of one run that are kept." "reports in between are dropped; the last one counts";
    result_files 64 "files"
        "Bounds how many result files one run may make." "`create` returns `limit`";
    result_file_bytes 268_435_456 "bytes"
        "Bounds one result file." "`write` returns `limit`";
    warnings 100 "warnings"
        "Bounds the warnings of one result; each is cut at 1,024 bytes." "further ones are counted, not kept";

    // Tables.
    rows 10_000_000 "rows"
        "Bounds a table in either direction." "422 `invalid-input`, or the job fails with `invalid-result`";
    columns 10_000 "columns"
        "Bounds a table in either direction." "422 `invalid-input`, or the job fails with `invalid-result`";
    table_bytes 1_073_741_824 "bytes"
        "Bounds what a table takes in memory; a few bytes of missing or repeated values can stand for a much larger table."
        "422 `invalid-input`, or the job fails with `invalid-result`";
    answer_bytes 1_073_741_824 "bytes"
        "Bounds a table as it is written into an answer; as JSON it can be many times larger than in memory. It is written piece by piece, so this bounds time and traffic, not memory."
        "422 `output-too-large`";
    field_name_bytes 256 "bytes"
        "Bounds the name of a column." "422 `invalid-input`, or the component is refused";
    field_aspects 64 "aspects"
        "Bounds what a client's table may say of one column beside its name, base type and description." "422 `invalid-input`";
    json_depth 64 "levels"
        "Bounds nesting in every JSON document that is read." "400 `malformed`";

    // Queries.
    query_bytes 1_048_576 "bytes"
        "Bounds the text of a query." "413 `too-large`";
    query_filters 1_000 "filters"
        "Bounds the filters of a query, AND and OR included." "422 `invalid-input`";
    query_depth 30 "levels"
        "Bounds how deep filters stand in one another; `json_depth` bounds the same text as JSON, two levels for each."
        "422 `invalid-input`";
    query_values 10_000 "values"
        "Bounds the values of one IN or NOTIN, and the tags of one TAGGED or NOTTAGGED." "422 `invalid-input`";
    query_pattern_bytes 4_096 "bytes"
        "Bounds the pattern of one LIKE or NOTLIKE and the expression of one MATCHES or NOTMATCHES."
        "422 `invalid-input`";
    query_regexes 8 "expressions"
        "Bounds the regular expressions of a query; with `query_regex_bytes` that bounds them all together."
        "422 `invalid-input`";
    query_regex_bytes 1_048_576 "bytes"
        "Bounds one regular expression as it is compiled, and what it may keep while it is looked for."
        "422 `invalid-input`";
    query_sorts 16 "sorts"
        "Bounds the sorts of a query." "422 `invalid-input`";

    // Components.
    component_bytes 134_217_728 "bytes"
        "Bounds an uploaded component." "413 `too-large`";
    model_file_bytes 1_073_741_824 "bytes"
        "Bounds an uploaded model file." "413 `too-large`";
    module_memories 1 "memories"
        "Bounds the memories of one core module of a component; what compilers make has one." "422 `invalid-component`";
    component_memories 20 "memories"
        "Bounds the memories of all core modules of a component together; each takes a place in the pool of instances."
        "422 `invalid-component`";
    component_tables 40 "tables"
        "Bounds the function tables of one core module, and of all of a component together." "422 `invalid-component`";
    core_instances 100 "instances of core modules"
        "Bounds what one component is made of; one from Python has a dozen." "422 `invalid-component`";
    instance_bytes 1_048_576 "bytes"
        "Bounds what an instance takes beside its memories and tables: some bytes for each function, global and import, in one core module and in all of a component together."
        "422 `invalid-component`";
    compile_memory_bytes 4_294_967_296 "bytes of address space"
        "Bounds the compiler's process, beside the memory budget. One component is compiled at a time, whichever organisation it is of; where memory runs out, the system ends this process first." "422 `invalid-component`";
    compile_seconds 120 "seconds of processor and of wall time"
        "Bounds the compiler's process." "422 `invalid-component`";
    segment_bytes 16_777_216 "bytes"
        "Bounds each piece of a component's data that has to be copied when it begins, since a copy cannot be interrupted: data in the memory of another of its modules, at a computed place, or far from other data."
        "422 `invalid-component`";
    compiled_bytes 268_435_456 "bytes"
        "Bounds the compiled code of one component: a few kilobytes can stand for many images of memory."
        "422 `invalid-component`";
    describe_fuel 10_000_000_000 "fuel units"
        "Bounds `describe`, `models` and `inspect-model` together." "422 `invalid-component`";
    describe_ms 30_000 "milliseconds"
        "Bounds `describe`, `models` and `inspect-model` together." "422 `invalid-component`";
    describe_bytes 8_388_608 "bytes"
        "Bounds what one answer of `describe`, `models` or `inspect-model` may carry." "422 `invalid-component`";
    models 1_000 "models"
        "Bounds what one provider offers." "422 `invalid-component`";
    examples 100 "examples"
        "Bounds the worked examples of one model." "422 `invalid-component`";
    example_rows 1_000 "rows"
        "Bounds each table of a worked example: a few bytes can stand for millions of rows." "422 `invalid-component`";
    example_bytes 262_144 "bytes"
        "Bounds the worked examples of one model together, as they are written: in JSON." "422 `invalid-component`";
    described_bytes 4_194_304 "bytes"
        "Bounds what one component says of itself and of all its models together, as it is kept: in JSON."
        "422 `invalid-component`";
    description_bytes 65_536 "bytes"
        "Bounds each description that a component gives." "422 `invalid-component`";
    capabilities 100 "capabilities"
        "Bounds what one component may ask for." "422 `invalid-component`";
    schema_bytes 65_536 "bytes"
        "Bounds a JSON Schema of parameters." "422 `invalid-component`";
    schema_depth 32 "levels"
        "Bounds nesting in a JSON Schema of parameters." "422 `invalid-component`";
    schemas_bytes 16_777_216 "bytes, estimated"
        "Bounds the JSON Schemas of one component together, as they are compiled: a pattern can take a thousand times its length."
        "422 `invalid-component`";
    compiled_schemas_bytes 67_108_864 "bytes, estimated"
        "Bounds the compiled schemas in memory together; of the organisation that has most the one not used for longest goes first."
        "a schema is compiled again when it is used next";

    // The server.
    body_bytes 268_435_456 "bytes"
        "Bounds a request body, but for components and model files." "413 `too-large`, before the body is read";
    connections 20_000 "connections"
        "Bounds the open connections of clients." "a further one waits";
    head_bytes 32_768 "bytes"
        "Bounds request line and headers of a call; there are at most 100 headers." "431, and the connection is closed";
    head_ms 30_000 "milliseconds"
        "How long a connection may be idle, or take to send request line and headers." "the connection is closed";
    body_idle_ms 30_000 "milliseconds"
        "How long a body may stop in the middle." "408 `malformed`";
    write_idle_ms 30_000 "milliseconds"
        "How long a client may take nothing of its answer." "the connection is closed";
    event_silence_ms 15_000 "milliseconds"
        "An event stream that has nothing to tell for so long sends an empty comment, so that proxies keep it open and a client that is gone is noticed."
        "a line `: `";
    socket_subscriptions 100 "subscriptions of one socket"
        "Bounds what one WebSocket of the aiWARE surface follows." "the subscription is answered with why";
    socket_message_bytes 16_384 "bytes"
        "Bounds one message of a client over a WebSocket." "the socket is closed with code 1009";
    socket_idle_ms 60_000 "milliseconds"
        "How long a WebSocket may stay open without a message of its client or an answer to a ping; one is sent every `event_silence_ms`."
        "the socket is closed with code 1008";
    batch_jobs 1_000 "jobs"
        "Bounds the submissions of one batch." "422 `invalid-input`";
    parameters_bytes 1_048_576 "bytes"
        "Bounds the parameters of one job." "413 `too-large`";
    custom_data_bytes 32_768 "bytes"
        "Bounds the custom data of one job." "413 `too-large`";
    tasks 1_000 "tasks"
        "Bounds the tasks of one job."
        "422 `invalid-input`";
    tags 64 "tags"
        "Bounds the tags of one job; key and value take at most 128 bytes each." "422 `invalid-input`";
    memory_budget_bytes 0 "bytes (0 = three quarters of the memory that the machine, or the container, has beside the server itself)"
        "All running components and request bodies together reserve from it." "a run waits with reason `memory`; a call is 503 `busy` (bodies hold at most half); a run that can never fit is 422 `invalid-input`";
    organisation_memory_percent 50 "percent of the memory budget"
        "What one organisation holds while no other holds anything, where there are several; it always leaves the same part of what is free, so that others are let in at once. 100: no share is kept."
        "a run waits with reason `quota`; a call is 429 `busy`";
    concurrent_tasks 0 "tasks per organisation (0 = twice the cores, of the container where it has fewer)"
        "How many tasks of one organisation run at once; those of others are let in beside them." "a task waits with reason `quota`; a call is 429 `busy`";
    running_tasks 200 "tasks"
        "How many tasks of all organisations run at once: each takes places in the sandbox's pool of instances. The organisation that runs the fewest is next."
        "a task waits with reason `capacity`; a call is 503 `busy`";
    split_rows 10_000 "rows (0 = never)"
        "A run of a model whose rows are independent is split over idle cores, into parts of at least this many rows."
        "the same result sooner; `fuel_used` and `peak_memory_bytes` are those of all parts";
    split_parts 0 "parts (0 = as many as cores)"
        "The most parts of one run; a further part is begun only while fewer runs and parts than this are in progress."
        "a run in fewer parts, or whole";
    schedules 1_000 "schedules per organisation"
        "Bounds the schedules, and with them what their templates take up." "409 `conflict`";
    schedule_interval_ms 1_000 "milliseconds"
        "The shortest time between two fire times of one schedule." "422 `invalid-input`";
    schedule_parts 100 "parts of one schedule"
        "Bounds the parts of a timetable: each is asked for its next fire time." "422 `invalid-input`";
    schedule_description_bytes 4_096 "bytes"
        "Bounds the description of one schedule." "422 `invalid-input`";
    schedule_catch_up 100 "firings of one schedule"
        "How many missed fire times are made up for at once, the last ones; and how many firings may wait for the job before them."
        "the history says what was missed; a firing that may not wait is in it with `busy`";
    schedule_history 1_000 "firings of one schedule"
        "Bounds the history of a schedule." "the oldest are forgotten; the jobs stay";
    webhooks 4 "webhooks of one job"
        "Bounds the receivers that one job notifies." "422 `invalid-input`";
    webhook_url_bytes 2_048 "bytes"
        "Bounds the address of a receiver." "422 `invalid-input`";
    webhook_pending 100_000 "deliveries per organisation"
        "Bounds the notifications that wait to be delivered. They are counted when a job with webhooks is submitted or retried; those that were submitted before may add more."
        "429 `busy` with `Retry-After`";
    webhook_tries 12 "tries of one delivery"
        "How often a notification is tried before it is given up." "the delivery ends `failed`";
    webhook_pause_ms 5_000 "milliseconds"
        "The pause before the second try of a delivery; each further one is four times as long." "the delivery waits";
    webhook_pause_ms_max 14_400_000 "milliseconds"
        "The longest pause between two tries of a delivery, also where the receiver asks for a longer one by `Retry-After`."
        "the next try comes after this time";
    webhook_timeout_ms 15_000 "milliseconds"
        "How long one try may take, from the look-up of the name to the end of the answer." "the try fails";
    webhook_answer_bytes 65_536 "bytes"
        "The most that is read of a receiver's answer, of which only the status counts." "the connection is closed; the status counts";
    webhook_sends 16 "tries at once of one organisation"
        "Bounds what is sent for one organisation, so that its slow receivers delay nothing of others." "the delivery waits";
    webhook_sends_to_one 8 "tries at once to one destination of one organisation"
        "Leaves other receivers of the organisation room beside a slow one." "the delivery waits";
    webhook_sends_of_all 256 "tries at once"
        "Bounds what is sent for all organisations together; they take turns." "the delivery waits";
    queued_jobs 100_000 "jobs per organisation"
        "Bounds the queue." "429 `busy` with `Retry-After`";
    wait_seconds 60 "seconds"
        "The longest `Prefer: wait`." "a longer one is cut to this";
    grace_ms 10_000 "milliseconds"
        "How long running tasks may go on after the server got the signal to stop." "the task goes back to the queue";
    retention_hours 168 "hours after the end of a job"
        "Finished jobs are kept so long." "404 `not-found`";
    page_items 1_000 "items"
        "The longest page of a list; the usual one is 50." "a longer one is cut to this";
    scan_items 10_000 "entries"
        "How many index entries one page of a list may look at." "a short page with a cursor";
    sort_items 100_000 "jobs"
        "How many jobs a list in an order of its own may look at." "422 `invalid-input`";
    organisations 10_000 "organisations"
        "Bounds how many there may be." "409 `conflict`";
    providers 200 "providers per organisation, and as many of all"
        "Bounds how many may be installed." "409 `conflict`";
    published_bytes 17_179_869_184 "bytes per organisation"
        "Bounds its own components with their compiled code, and its model files, together, those that were replaced and that unfinished jobs of it pin among them; what belongs to all is not counted."
        "413 `too-large`";
    catalogue_bytes 67_108_864 "bytes per organisation, and as many of all"
        "Bounds what its providers and models say of themselves together, in JSON: all of it is held in memory." "413 `too-large`";
    catalogues_bytes 268_435_456 "bytes"
        "Bounds the same of all organisations together, beside the memory budget. As of that, one that holds some gets more while it leaves a share free (`organisation_memory_percent`)."
        "413 `too-large`";
    tokens 1_000 "tokens per organisation"
        "Bounds the tokens that are neither revoked nor expired." "409 `conflict`";
    requests_per_second 20_000 "requests a second and token"
        "Bounds the calls made with one token, unless the token says otherwise; that many may also come at once."
        "429 `busy` with `Retry-After`";
    sessions 100 "sessions per organisation"
        "Bounds the HTTP sessions that are open at once." "429 `busy` with `Retry-After`";
    session_idle_ms 1_800_000 "milliseconds"
        "A session that is not used for so long ends; a job of it that runs is a use." "401 `unauthorized`";
    session_ms 86_400_000 "milliseconds"
        "The longest life of a session." "401 `unauthorized`";
    repository_files 1_000 "files per organisation"
        "Bounds the uploaded files." "413 `too-large`";
    repository_bytes 4_294_967_296 "bytes per organisation"
        "Bounds the uploaded files together." "413 `too-large`";
    documents 100_000 "documents per organisation"
        "Bounds what surfaces keep for it beside jobs: the objects that jobs point at, templates, pipelines." "409 `conflict`";
    document_bytes 262_144 "bytes"
        "Bounds the text of one such document." "413 `too-large`";
    documents_bytes 268_435_456 "bytes per organisation"
        "Bounds the texts of such documents together." "413 `too-large`";
    upload_parts 100 "parts"
        "Bounds the files and other fields of one upload form." "413 `too-large`";
    graphql_document_bytes 1_048_576 "bytes"
        "Bounds the text of a GraphQL document; what is large belongs into its variables." "400 `capacity_exceeded`";
    graphql_tokens 20_000 "tokens"
        "Bounds the words, numbers, texts and signs of a GraphQL document, before it is parsed." "400 `capacity_exceeded`";
    graphql_depth 30 "levels"
        "Bounds how deep selections and fragments of a GraphQL document stand in one another." "400 `capacity_exceeded`";
    graphql_aliases 100 "aliases"
        "Bounds the aliases of a GraphQL document; those of a fragment count wherever it is spread." "400 `capacity_exceeded`";
    graphql_fields 2_000 "fields"
        "Bounds the fields of a GraphQL document; those of a fragment count wherever it is spread." "400 `capacity_exceeded`";
    graphql_values 1_000_000 "values"
        "Bounds the fields and list items of the answer to one GraphQL document, which are set aside in memory as they are found."
        "`capacity_exceeded`, without data";
    thingworx_call_ms 90_000 "milliseconds"
        "How long ExecuteJob waits for its job, and QueryJobs looks for jobs." "500; the job is cancelled";
    thingworx_query_rows 500 "jobs"
        "The most jobs that QueryJobs answers." "the newest ones, or the first in the order asked for";
    crashes 5 "crashes"
        "A task that was running in this many crashes of the server ends." "job fails with `host-error`";
    free_disk_bytes 268_435_456 "bytes"
        "Below this much free disk nothing new is accepted, and below twice as much nothing is uploaded." "507 `disk-full`";
}

impl Limits {
    /// Says what does not fit together: a limit that would refuse everything, or one above the most that may be asked for.
    pub fn check(&self) -> Result<(), String> {
        for entry in Self::ENTRIES {
            // These stand for "as the machine has", "not at all" or "never".
            let zero_has_meaning = matches!(
                entry.key,
                "memory_budget_bytes" | "concurrent_tasks" | "wait_seconds" | "split_rows" | "split_parts"
            );
            // Nothing kept, and nothing kept free, can be meant.
            let none_can_be_meant = matches!(
                entry.key,
                "retention_hours"
                    | "free_disk_bytes"
                    | "grace_ms"
                    | "log_bytes"
                    | "stderr_bytes"
                    | "warnings"
                    | "result_files"
                    | "result_file_bytes"
                    | "examples"
                    | "example_rows"
                    | "example_bytes"
                    | "capabilities"
                    | "tags"
                    | "custom_data_bytes"
                    | "progress_per_second"
                    | "query_regexes"
                    | "query_sorts"
                    | "webhooks"
            );
            if self.get(entry.key) == Some(0) && !zero_has_meaning && !none_can_be_meant {
                return Err(format!("`{}` is 0, which would refuse everything", entry.key));
            }
        }
        let pairs = [
            ("fuel", self.fuel, "fuel_max", self.fuel_max),
            ("memory_bytes", self.memory_bytes, "memory_bytes_max", self.memory_bytes_max),
            ("timeout_ms", self.timeout_ms, "timeout_ms_max", self.timeout_ms_max),
            ("concurrent_tasks", self.concurrent_tasks, "running_tasks", self.running_tasks),
            ("webhook_pause_ms", self.webhook_pause_ms, "webhook_pause_ms_max", self.webhook_pause_ms_max),
            ("webhook_sends_to_one", self.webhook_sends_to_one, "webhook_sends", self.webhook_sends),
            ("webhook_sends", self.webhook_sends, "webhook_sends_of_all", self.webhook_sends_of_all),
            ("catalogue_bytes", self.catalogue_bytes, "catalogues_bytes", self.catalogues_bytes),
        ];
        for (key, value, most_key, most) in pairs {
            if value > most {
                return Err(format!("`{key}` is {value}, more than `{most_key}`, {most}"));
            }
        }
        if self.organisation_memory_percent > 100 {
            let percent = self.organisation_memory_percent;
            return Err(format!("`organisation_memory_percent` is {percent}, more than 100"));
        }
        let one_run = self.memory_bytes.saturating_add(self.output_bytes);
        if self.memory_budget_bytes != 0 && one_run > self.memory_budget_bytes {
            return Err(format!(
                "`memory_budget_bytes` is {}, less than `memory_bytes` and `output_bytes` of one run together, {one_run}",
                self.memory_budget_bytes
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_explained_and_settable() {
        let mut limits = Limits::default();
        for entry in Limits::ENTRIES {
            assert!(!entry.why.is_empty() && !entry.seen.is_empty() && !entry.unit.is_empty(), "{}", entry.key);
            assert_eq!(limits.get(entry.key), Some(entry.default));
            assert!(limits.set(entry.key, 7));
            assert_eq!(limits.get(entry.key), Some(7));
        }
        assert!(!limits.set("no_such_limit", 1));
    }

    #[test]
    fn limits_that_do_not_fit_together_are_named() {
        assert_eq!(Limits::default().check(), Ok(()));
        let with = |change: fn(&mut Limits)| {
            let mut limits = Limits::default();
            change(&mut limits);
            limits.check().err()
        };
        assert_eq!(with(|l| l.fuel = 0).as_deref(), Some("`fuel` is 0, which would refuse everything"));
        assert_eq!(
            with(|l| l.fuel = 2_000_000_000_000).as_deref(),
            Some("`fuel` is 2000000000000, more than `fuel_max`, 1000000000000")
        );
        assert_eq!(
            with(|l| l.memory_budget_bytes = 1_000).as_deref(),
            Some(
                "`memory_budget_bytes` is 1000, less than `memory_bytes` and `output_bytes` of one run together, 805306368"
            )
        );
        assert_eq!(
            with(|l| l.concurrent_tasks = 201).as_deref(),
            Some("`concurrent_tasks` is 201, more than `running_tasks`, 200")
        );
        assert_eq!(
            with(|l| l.webhook_pause_ms_max = 4_999).as_deref(),
            Some("`webhook_pause_ms` is 5000, more than `webhook_pause_ms_max`, 4999")
        );
        assert_eq!(
            with(|l| l.webhook_sends_to_one = 17).as_deref(),
            Some("`webhook_sends_to_one` is 17, more than `webhook_sends`, 16")
        );
        assert_eq!(
            with(|l| l.webhook_sends = 257).as_deref(),
            Some("`webhook_sends` is 257, more than `webhook_sends_of_all`, 256")
        );
        assert_eq!(
            with(|l| l.organisation_memory_percent = 101).as_deref(),
            Some("`organisation_memory_percent` is 101, more than 100")
        );
        assert_eq!(with(|l| (l.retention_hours, l.split_rows) = (0, 0)), None);
    }
}
