//! Random steps.

use proptest::prelude::*;

/// Something to do to a store. Numbers pick from what there is at that time, modulo how many there are.
#[derive(Debug, Clone)]
pub enum Step {
    Submit {
        organisation: usize,
        shape: usize,
        provider: usize,
        memory: u64,
        priority: i32,
        later: u64,
        large: bool,
        key: Option<u8>,
        tag: u8,
        cap: u64,
        session: Option<u8>,
    },
    Claim {
        node: usize,
        n: usize,
        memory: u64,
    },
    Heartbeat {
        node: usize,
    },
    Finish {
        pick: usize,
        end: End,
        large: bool,
        files: usize,
    },
    FinishStale {
        pick: usize,
    },
    Release {
        pick: usize,
        lost: bool,
    },
    Recover {
        node: usize,
    },
    Cancel {
        pick: usize,
    },
    SubmitTogether {
        jobs: usize,
        cap: u64,
    },
    CancelIf {
        picks: Vec<usize>,
        only_queued: bool,
        all_or_nothing: bool,
    },
    Retry {
        pick: usize,
    },
    Abandon {
        pick: usize,
    },
    AddTask {
        pick: usize,
        large: bool,
        most: u64,
    },
    AddParent {
        pick: usize,
    },
    Purge {
        pick: usize,
    },
    KeepRunEvents {
        pick: usize,
        texts: Vec<usize>,
    },
    Retire {
        age: u64,
        most: usize,
        /// Providers with a time of their own.
        providers: Vec<(usize, u64)>,
    },
    PutProvider {
        provider: usize,
        component: Option<usize>,
        given: bool,
        large: bool,
    },
    RemoveProvider {
        provider: usize,
        force: bool,
    },
    PutModel {
        provider: usize,
        model: bool,
        component: usize,
        given: bool,
    },
    RemoveModel {
        provider: usize,
        model: bool,
        force: bool,
    },
    PutFile {
        organisation: usize,
        path: usize,
        bytes: usize,
        staged: bool,
        most: (u64, u64),
    },
    RemoveFile {
        organisation: usize,
        path: usize,
    },
    PutDocument {
        organisation: usize,
        kind: usize,
        id: u64,
        bytes: usize,
        /// Below 3: what is there is replaced, or nothing.
        revision: u64,
        most: (u64, u64),
    },
    RemoveDocument {
        organisation: usize,
        kind: usize,
        id: u64,
    },
    PutSchedule {
        pick: usize,
        large: bool,
        /// Or in place of another.
        new: bool,
        /// From now on, with another template.
        begin: bool,
        stale: bool,
    },
    RemoveSchedule {
        pick: usize,
    },
    Fire {
        pick: usize,
        time: u8,
        what: u8,
        stale: bool,
        cap: u64,
    },
    Deliver {
        most: usize,
        most_of_one: usize,
        most_to_one: usize,
        /// How many of those that wait are being sent.
        busy: usize,
        /// What becomes of each that is given out.
        answers: Vec<u8>,
    },
    PutOrganisation {
        organisation: usize,
        queued_jobs: u64,
    },
    PutToken {
        token: u8,
        used: bool,
    },
    TokensUsed {
        used: Vec<(u8, u64)>,
    },
    List {
        organisation: usize,
        status: Option<usize>,
        model: Option<bool>,
        tag: Option<u8>,
        filter: Option<usize>,
        oldest_first: bool,
        limit: usize,
        scan: usize,
    },
    Sorted {
        organisation: usize,
        filter: Option<usize>,
        sorts: usize,
        skip: usize,
        limit: usize,
        most: usize,
    },
    Tick {
        ms: u64,
    },
    Reopen {
        close: bool,
    },
}

/// How a run ends.
#[derive(Debug, Clone, Copy)]
pub enum End {
    Completed,
    Failed,
    Retried,
}

/// Sequences that get far: jobs are mostly submitted, claimed and finished.
pub fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let end = prop_oneof![4 => Just(End::Completed), 1 => Just(End::Failed), 2 => Just(End::Retried)];
    let submit = (0..3_usize, 0..4_usize, -1..2_i32, prop_oneof![3 => Just(0), 1 => 1..3_000_u64], any::<bool>())
        .prop_flat_map(|(organisation, shape, priority, later, large)| {
            let key = proptest::option::weighted(0.3, 0..3_u8);
            let cap = prop_oneof![4 => Just(u64::MAX), 1 => 1..4_u64];
            let memory = prop_oneof![Just(100), Just(200), Just(400)];
            let session = proptest::option::weighted(0.4, 0..2_u8);
            (key, 0..3_u8, cap, 0..3_usize, memory, session).prop_map(
                move |(key, tag, cap, provider, memory, session)| Step::Submit {
                    organisation,
                    shape,
                    provider,
                    memory,
                    priority,
                    later,
                    large,
                    key,
                    tag,
                    cap,
                    session,
                },
            )
        });
    let list = (0..3_usize, proptest::option::of(0..5_usize), proptest::option::of(any::<bool>())).prop_flat_map(
        |(organisation, status, model)| {
            let filter = proptest::option::weighted(0.7, 0..100_usize);
            let scan = prop_oneof![Just(1_usize), Just(3), Just(1_000)];
            (proptest::option::of(0..3_u8), filter, any::<bool>(), 1..4_usize, scan).prop_map(
                move |(tag, filter, oldest_first, limit, scan)| Step::List {
                    organisation,
                    status,
                    model,
                    tag,
                    filter,
                    oldest_first,
                    limit,
                    scan,
                },
            )
        },
    );
    let sorted = (0..3_usize, proptest::option::of(0..100_usize), 0..100_usize, 0..6_usize, 1..5_usize).prop_flat_map(
        |(organisation, filter, sorts, skip, limit)| {
            prop_oneof![1 => 1..6_usize, 4 => Just(1_000)].prop_map(move |most| Step::Sorted {
                organisation,
                filter,
                sorts,
                skip,
                limit,
                most,
            })
        },
    );
    let step = prop_oneof![
        6 => submit,
        5 => (0..2_usize, 0..4_usize, prop_oneof![2 => Just(10_000_u64), 1 => 100..800_u64])
            .prop_map(|(node, n, memory)| Step::Claim { node, n, memory }),
        1 => (0..2_usize).prop_map(|node| Step::Heartbeat { node }),
        6 => (any::<usize>(), end, any::<bool>(), 0..3_usize)
            .prop_map(|(pick, end, large, files)| Step::Finish { pick, end, large, files }),
        1 => any::<usize>().prop_map(|pick| Step::FinishStale { pick }),
        1 => (any::<usize>(), any::<bool>()).prop_map(|(pick, lost)| Step::Release { pick, lost }),
        1 => (0..2_usize).prop_map(|node| Step::Recover { node }),
        1 => any::<usize>().prop_map(|pick| Step::Cancel { pick }),
        1 => (proptest::collection::vec(any::<usize>(), 0..4), any::<bool>(), any::<bool>()).prop_map(
            |(picks, only_queued, all_or_nothing)| Step::CancelIf { picks, only_queued, all_or_nothing }
        ),
        1 => (0..4_usize, prop_oneof![3 => Just(u64::MAX), 1 => 0..6_u64])
            .prop_map(|(jobs, cap)| Step::SubmitTogether { jobs, cap }),
        2 => any::<usize>().prop_map(|pick| Step::Retry { pick }),
        1 => any::<usize>().prop_map(|pick| Step::Abandon { pick }),
        2 => (any::<usize>(), any::<bool>(), 1..8_u64)
            .prop_map(|(pick, large, most)| Step::AddTask { pick, large, most }),
        1 => any::<usize>().prop_map(|pick| Step::AddParent { pick }),
        2 => any::<usize>().prop_map(|pick| Step::Purge { pick }),
        3 => (any::<usize>(), proptest::collection::vec(0..20_000_usize, 0..4))
            .prop_map(|(pick, texts)| Step::KeepRunEvents { pick, texts }),
        1 => (0..3_000_u64, 0..4_usize, proptest::collection::vec((0..12_usize, 0..3_000_u64), 0..4))
            .prop_map(|(age, most, providers)| Step::Retire { age, most, providers }),
        4 => catalogue(),
        3 => file(),
        3 => document(),
        4 => schedule(),
        4 => (0..6_usize, 0..4_usize, 0..3_usize, 0..3_usize, proptest::collection::vec(any::<u8>(), 6)).prop_map(
            |(most, most_of_one, most_to_one, busy, answers)| Step::Deliver { most, most_of_one, most_to_one, busy, answers }
        ),
        3 => list,
        2 => sorted,
        3 => (1..2_000_u64).prop_map(|ms| Step::Tick { ms }),
        1 => any::<bool>().prop_map(|close| Step::Reopen { close }),
    ];
    proptest::collection::vec(step, 1..most)
}

/// Changes of providers, models, organisations and tokens.
fn catalogue() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..12_usize, proptest::option::of(0..4_usize), any::<bool>(), any::<bool>()).prop_map(
            |(provider, component, given, large)| Step::PutProvider { provider, component, given, large }
        ),
        2 => (0..12_usize, any::<bool>()).prop_map(|(provider, force)| Step::RemoveProvider { provider, force }),
        3 => (0..12_usize, any::<bool>(), 0..4_usize, any::<bool>()).prop_map(
            |(provider, model, component, given)| Step::PutModel { provider, model, component, given }
        ),
        2 => (0..12_usize, any::<bool>(), any::<bool>())
            .prop_map(|(provider, model, force)| Step::RemoveModel { provider, model, force }),
        1 => (0..3_usize, 1..3_u64)
            .prop_map(|(organisation, queued_jobs)| Step::PutOrganisation { organisation, queued_jobs }),
        1 => (0..3_u8, any::<bool>()).prop_map(|(token, used)| Step::PutToken { token, used }),
        1 => proptest::collection::vec((0..4_u8, 0..5_000_u64), 0..4).prop_map(|used| Step::TokensUsed { used }),
    ]
}

/// Changes of schedules, and what they fire.
fn schedule() -> impl Strategy<Value = Step> {
    let rarely = || prop_oneof![5 => Just(false), 1 => Just(true)];
    let cap = prop_oneof![4 => Just(u64::MAX), 1 => 1..4_u64];
    prop_oneof![
        3 => (any::<usize>(), any::<bool>(), any::<bool>(), any::<bool>(), rarely()).prop_map(
            |(pick, large, new, begin, stale)| Step::PutSchedule { pick, large, new, begin, stale }
        ),
        1 => any::<usize>().prop_map(|pick| Step::RemoveSchedule { pick }),
        5 => (any::<usize>(), 0..20_u8, any::<u8>(), rarely(), cap)
            .prop_map(|(pick, time, what, stale, cap)| Step::Fire { pick, time, what, stale, cap }),
    ]
}

/// Changes of documents.
fn document() -> impl Strategy<Value = Step> {
    let room = prop_oneof![
        2 => Just((u64::MAX, u64::MAX)),
        1 => (0..4_u64).prop_map(|documents| (documents, u64::MAX)),
        1 => (0..20_000_u64).prop_map(|bytes| (u64::MAX, bytes)),
    ];
    prop_oneof![
        3 => (0..3_usize, 0..2_usize, 0..4_u64, 0..9_000_usize, 0..5_u64, room).prop_map(
            |(organisation, kind, id, bytes, revision, most)| {
                Step::PutDocument { organisation, kind, id, bytes, revision, most }
            }
        ),
        1 => (0..3_usize, 0..2_usize, 0..4_u64)
            .prop_map(|(organisation, kind, id)| Step::RemoveDocument { organisation, kind, id }),
    ]
}

/// Changes of files.
fn file() -> impl Strategy<Value = Step> {
    let room = prop_oneof![
        2 => Just((u64::MAX, u64::MAX)),
        1 => (0..4_u64).prop_map(|files| (files, u64::MAX)),
        1 => (0..200_000_u64).prop_map(|bytes| (u64::MAX, bytes)),
    ];
    prop_oneof![
        3 => (0..3_usize, 0..12_usize, 0..5_usize, any::<bool>(), room).prop_map(
            |(organisation, path, bytes, staged, most)| Step::PutFile { organisation, path, bytes, staged, most }
        ),
        1 => (0..3_usize, 0..12_usize).prop_map(|(organisation, path)| Step::RemoveFile { organisation, path }),
    ]
}
